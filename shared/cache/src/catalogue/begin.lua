-- A reader that has found no copy begins. One script, so that nothing comes between its steps.
-- KEYS: generation, copy, lease.
-- ARGV: a new generation's name, a new lease's name, how long a lease holds (ms).
-- Answers: the generation (or nothing if there is no room for one), the copy if there is one now, the
-- lease that another holds (or nothing: it is the caller's turn), and Redis' clock (ms).
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local generation = redis.call('GET', KEYS[1])
if not generation then
  generation = ARGV[1]
  if redis.pcall('SET', KEYS[1], generation).err then return {false, false, false, now} end
end
local copy = redis.call('GET', KEYS[2])
if copy then
  if string.sub(copy, 1, #generation) == generation then return {generation, copy, false, now} end
  redis.call('DEL', KEYS[2])
end
local lease = redis.call('GET', KEYS[3])
if lease and string.sub(lease, 1, #generation) == generation then
  return {generation, false, lease, now}
end
redis.pcall('SET', KEYS[3], generation .. ARGV[2], 'PX', ARGV[3])
return {generation, false, false, now}
