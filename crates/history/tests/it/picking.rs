//! One series of many, without the others.

use atalaya_history::{BlockId, Decoder, Encoder, Level, NodeNumber, SeriesId};
use proptest::prelude::*;

use crate::model::{DAY, points, table, told};

proptest! {
    #[test]
    fn picking_is_decoding_all_and_choosing(
        told in told(3_600, 200), wanted in proptest::collection::vec(prop_oneof![0..8_u32, Just(u32::MAX)], 0..5),
    ) {
        let id = BlockId::of(NodeNumber(1), Level::Raw, DAY).unwrap();
        let row = Encoder::new().unwrap().block(id, &table(&told)).unwrap();
        let mut decoder = Decoder::new().unwrap();
        let all = decoder.block(id, &row).unwrap();
        let wanted: Vec<SeriesId> = wanted.into_iter().map(SeriesId).collect();
        let some = decoder.some_of_block(id, &row, &wanted).unwrap();
        let chosen: Vec<_> = points(&all).into_iter().filter(|(series, _)| wanted.contains(series)).collect();
        prop_assert_eq!(some.len(), chosen.iter().map(|(_, points)| points.len()).sum::<usize>());
        prop_assert_eq!(points(&some), chosen);
        let names: Vec<SeriesId> = all.iter().map(|(series, _)| series).collect();
        prop_assert_eq!(decoder.series_of_block(id, &row).unwrap(), names);
    }
}
