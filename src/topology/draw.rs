//! The strategies: which of the nodes that may serve is taken.

use std::time::Instant;

use crate::topology::choose::Ask;
use crate::topology::choose::Loads;
use crate::topology::choose::weigh;
use crate::topology::view::NodeView;
use crate::topology::view::View;

/// The nodes that may serve, with their weights.
fn candidates<'a>(
    view: &'a View,
    ask: &'a Ask,
    now: Instant,
) -> impl Iterator<Item = (&'a NodeView, f64)> {
    view.nodes
        .iter()
        .filter_map(move |node| Some((node, weigh(view, ask, node, now).ok()?)))
}

/// Two candidates drawn by weight, independently (they may be the same), in one pass: each new one
/// replaces an earlier draw with its part of the weight so far.
pub fn draw<'a>(
    view: &'a View,
    ask: &'a Ask,
    random: u64,
    now: Instant,
) -> Option<(&'a NodeView, &'a NodeView)> {
    let (mut drawn, mut total, mut bits) = (None, 0.0, random);
    for (node, weight) in candidates(view, ask, now) {
        total += weight;
        bits = next_random(bits);
        let (first, second) = drawn.unwrap_or((node, node));
        drawn = Some((
            if fraction(bits >> 32) * total < weight {
                node
            } else {
                first
            },
            if fraction(bits & LOW_HALF) * total < weight {
                node
            } else {
                second
            },
        ));
    }
    drawn
}

/// The candidate with the fewest servers in use or waited for by weight. Of several it is one that
/// commits wait for, if there is one; then chance decides.
pub fn least_busy<'a, L>(
    view: &'a View,
    ask: &'a Ask,
    loads: &L,
    random: u64,
    now: Instant,
) -> Option<&'a NodeView>
where
    L: Loads + ?Sized,
{
    let (mut least, mut ties, mut bits) = (None::<(&NodeView, f64)>, 0.0, random);
    for (node, weight) in candidates(view, ask, now) {
        let load = loads.of(node.id);
        // One more than there are, so that idle nodes compare by weight, too.
        let busy = (1.0 + f64::from(load.in_use) + f64::from(load.waiting)) / weight;
        bits = next_random(bits);
        match least {
            Some((_, least_busy)) if least_busy < busy => (),
            Some((one, least_busy))
                if least_busy == busy && view.is_awaited(one) == view.is_awaited(node) =>
            {
                ties += 1.0;
                if fraction(bits >> 32) * ties < 1.0 {
                    least = Some((node, busy));
                }
            }
            Some((one, least_busy)) if least_busy == busy && view.is_awaited(one) => (),
            Some(_) | None => (least, ties) = (Some((node, busy)), 1.0),
        }
    }
    least.map(|(node, _)| node)
}

/// The candidate whose turn it is. Equal weights alternate strictly; others follow multiples of
/// the golden ratio, which spread a node's turns evenly.
pub fn next_in_turn<'a>(view: &'a View, ask: &'a Ask, now: Instant) -> Option<&'a NodeView> {
    let (mut count, mut total) = (0_u64, 0.0);
    let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
    for (_, weight) in candidates(view, ask, now) {
        (count, total) = (count + 1, total + weight);
        (least, most) = (least.min(weight), most.max(weight));
    }
    let turn = if least == most {
        usize::try_from(ask.turn.checked_rem(count)?).ok()?
    } else {
        let mut rest = fraction(ask.turn.wrapping_mul(GOLDEN) >> 32) * total;
        candidates(view, ask, now)
            .position(|(_, weight)| {
                rest -= weight;
                rest < 0.0
            })
            .unwrap_or(0)
    };
    candidates(view, ask, now).nth(turn).map(|(node, _)| node)
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
fn next_random(bits: u64) -> u64 {
    let mut z = bits.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// 32 bits as a number from 0 up to 1, 1 excluded.
fn fraction(bits: u64) -> f64 {
    let bits = u32::try_from(bits & LOW_HALF).unwrap_or(u32::MAX);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

const LOW_HALF: u64 = 0xFFFF_FFFF;

/// 2⁶⁴ over the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
