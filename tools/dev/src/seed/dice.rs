//! Chance that falls the same way on every machine: whole numbers only, drawn for a number.

/// A source of values for one number; another number's are unlike them.
///
/// The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014): a million products ask for tens of millions of values.
#[derive(Debug)]
pub(super) struct Dice(u64);

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Dice {
    pub(super) fn of(number: u32) -> Self {
        // Mixed first: the states of neighbours would else be steps of one walk.
        Self(mixed(u64::from(number).wrapping_mul(STEP)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// A number below `limit`, each as likely as any other; 0 for a limit of 0.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        let scaled = (self.next() >> 32) * u64::from(limit);
        u32::try_from(scaled >> 32).unwrap_or_default()
    }

    /// A rank below `limit`, the n-th about 1/n as likely as the first (Zipf's law): an octave of
    /// ranks is as likely as any other octave.
    pub(super) fn rank(&mut self, limit: u32) -> u32 {
        let octaves = (limit.max(1) + 1).next_power_of_two().trailing_zeros();
        loop {
            let first = 1 << self.below(octaves);
            let rank = first + self.below(first) - 1;
            if rank < limit.max(1) {
                return rank;
            }
        }
    }

    /// True once in so many times.
    pub(super) fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    /// One of these, each as likely.
    pub(super) fn any<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let index = self.below(u32::try_from(of.len()).unwrap_or(u32::MAX));
        of.get(usize::try_from(index).unwrap_or_default())
    }

    /// One of these, the first the most often.
    pub(super) fn often<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let index = self.rank(u32::try_from(of.len()).unwrap_or(u32::MAX));
        of.get(usize::try_from(index).unwrap_or_default())
    }
}

fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_gives_the_same_values_for_ever() {
        let mut dice = Dice::of(7);
        let drawn: Vec<u32> = (0..4).map(|_| dice.below(1_000)).collect();
        assert_eq!(drawn, DRAWN);
    }

    /// Written down once: another value would be another catalogue.
    const DRAWN: [u32; 4] = [416, 449, 718, 842];

    #[test]
    fn ranks_follow_zipf_and_reach_the_last() {
        let mut seen = [0_u32; 100];
        for number in 0..100_000 {
            seen[usize::try_from(Dice::of(number).rank(100)).unwrap()] += 1;
        }
        assert!(seen.iter().all(|times| *times > 0), "{seen:?}");
        assert!(seen[0] > 7 * seen[9] && seen[0] < 25 * seen[9], "{seen:?}");
        assert!(seen[9] > 5 * seen[99], "{seen:?}");
    }
}
