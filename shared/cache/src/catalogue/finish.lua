-- A reader that has loaded puts its copy, and gives back its lease.
-- KEYS: generation, copy, lease.
-- ARGV: the generation that it loaded in, its lease's name, the copy ('' if the load has failed),
-- when the copy ends (ms, by Redis' clock).
-- Answers 0 if there was no room for the copy.
local room = 1
if ARGV[3] ~= '' and redis.call('GET', KEYS[1]) == ARGV[1] then
  if redis.pcall('SET', KEYS[2], ARGV[3], 'PXAT', ARGV[4]).err then room = 0 end
end
if redis.call('GET', KEYS[3]) == ARGV[1] .. ARGV[2] then redis.call('DEL', KEYS[3]) end
return room
