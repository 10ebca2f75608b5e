use proptest::prelude::*;

use super::*;

/// The units that were really admitted, by time, without those that were given back.
struct Truth {
    units: Vec<(u64, u64)>,
}

impl Truth {
    /// The most that any window holds: the fullest ends with a unit.
    fn most(&self, width: u64) -> u64 {
        let within = |end: u64| {
            let inside = self.units.iter().filter(|(at, _)| *at <= end && at.saturating_add(width) > end);
            inside.map(|(_, units)| units).sum()
        };
        self.units.iter().map(|(at, _)| within(*at)).max().unwrap_or(0)
    }
}

/// One step of a caller.
#[derive(Clone, Debug)]
enum Act {
    /// Time passes.
    Wait(u64),
    /// Units are asked for.
    Ask(u64),
    /// One of the earlier askings gives back, by index.
    Return(usize),
}

fn acts(width: u64, quota: u64) -> impl Strategy<Value = Vec<Act>> {
    let wait = prop_oneof![0..=width / 50, 0..=width / 5, Just(width - 1), Just(width), Just(0)];
    let ask = prop_oneof![Just(1u64), 1..=quota.div_ceil(20), 1..=quota];
    let act = prop_oneof![
        3 => wait.prop_map(Act::Wait),
        6 => ask.prop_map(Act::Ask),
        2 => any::<usize>().prop_map(Act::Return),
    ];
    prop::collection::vec(act, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Over every window, with give backs at any time: never more than the quota, and the sum is never too small.
    #[test]
    fn no_window_ever_holds_more_than_the_quota(
        (width, quota, acts) in (10u64..5_000, 1u64..400)
            .prop_flat_map(|(width, quota)| (Just(width), Just(quota), acts(width, quota)))
    ) {
        let mut window = Window::default();
        let mut truth = Truth { units: Vec::new() };
        let mut now = 1_000_000;
        for act in acts {
            match act {
                Act::Wait(time) => now += time,
                Act::Ask(units) => {
                    window.settle(now, width);
                    if window.used() + units <= quota {
                        window.add(now, quota, units);
                        truth.units.push((now, units));
                    } else if let Some(wait) = window.wait(now, width, quota, units) {
                        prop_assert!(wait > 0 && wait <= width);
                        let mut later = window.clone();
                        later.settle(now + wait, width);
                        prop_assert!(later.used() + units <= quota, "waiting is worth while");
                        let mut sooner = window.clone();
                        sooner.settle(now + wait - 1, width);
                        prop_assert!(sooner.used() + units > quota, "and not longer than needed");
                    }
                }
                Act::Return(index) if !truth.units.is_empty() => {
                    let index = index % truth.units.len();
                    let (at, units) = truth.units[index];
                    window.settle(now, width);
                    if at + width > now {
                        window.remove(at, units);
                        truth.units.remove(index);
                    }
                }
                Act::Return(_) => {}
            }
            let live: u64 = truth.units.iter().filter(|(at, _)| at + width > now).map(|(_, units)| units).sum();
            window.settle(now, width);
            prop_assert!(window.used() >= live, "counted {} of {live}", window.used());
            prop_assert!(window.buckets().len() <= MAX_BUCKETS);
            prop_assert!(window.buckets().is_sorted_by_key(|bucket| bucket.end));
        }
        prop_assert!(truth.most(width) <= quota);
    }

    /// Demand of one unit every `gap` milliseconds, at least as much as the limit allows: from the first refusal on,
    /// every window of every position holds 93 % of the quota. For any rate, bursts included.
    #[test]
    fn steady_demand_gets_its_share_in_every_window(width in 1_000u64..10_000, quota in 16u64..200, rush in 1u64..20) {
        let gap = (width / quota / rush).max(1);
        prop_assume!(width / gap > quota);
        let mut window = Window::default();
        let mut admitted: Vec<u64> = Vec::new();
        let begin = 1_000_000;
        let end = begin + 5 * width;
        for now in (begin..end).step_by(gap as usize) {
            window.settle(now, width);
            if window.used() < quota {
                window.add(now, quota, 1);
                admitted.push(now);
            }
        }
        for start in (begin..end - width).step_by(gap as usize) {
            let within = admitted.iter().filter(|at| **at >= start && **at < start + width).count() as u64;
            prop_assert!(within <= quota);
            // One unit for the raster of the demand.
            prop_assert!((within + 1) * 100 >= quota * 93, "{within} of {quota} from {}", start - begin);
        }
    }

    /// For every movement of the clock the buckets stay in order and nothing overflows. A window after the last
    /// movement all units are free.
    #[test]
    fn a_clock_that_jumps_does_no_lasting_harm(
        times in prop::collection::vec(any::<u64>().prop_map(|time| time >> 12), 1..100),
        quota in 1u64..=MAX_UNITS,
        units in 1u64..=MAX_UNITS,
        width in 1u64..1 << 45,
    ) {
        let mut window = Window::default();
        for now in &times {
            window.settle(*now, width);
            if window.used() + units <= quota {
                window.add(*now, quota, units);
            }
            prop_assert!(window.used() <= quota);
            prop_assert!(window.buckets().is_sorted_by_key(|bucket| bucket.end));
            let _ = window.wait(*now, width, quota, units);
        }
        window.settle(times[times.len() - 1] + width, width);
        prop_assert_eq!(window.used(), 0);
    }
}

#[test]
fn buckets_below_the_grain_are_joined() {
    let mut window = Window::default();
    for now in 0..100 {
        // Two of three are given back at once.
        window.add(now, 1_600, 100);
        window.remove(now, 67);
    }
    assert_eq!(window.used(), 3_300);
    assert_eq!(window.buckets().len(), MAX_BUCKETS);
}

#[test]
fn a_window_has_no_more_buckets_than_the_bound() {
    let bucket = |n: usize| Bucket { end: n as u64, units: 1 };
    let full = Window::from_buckets((0..MAX_BUCKETS).map(bucket)).unwrap();
    assert_eq!((full.buckets().len(), full.used()), (MAX_BUCKETS, MAX_BUCKETS as u64));
    assert_eq!(Window::from_buckets((0..=MAX_BUCKETS).map(bucket)), None);
}
