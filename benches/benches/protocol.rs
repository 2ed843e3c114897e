//! Criterion over the protocol: what one frame of each kind costs.

#![allow(missing_docs, reason = "a program")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot run says so by a panic")]

use benches::list::{List, shuffled};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use protocol::{Limits, decoder::Decoder, hash::Key};
use std::hint::black_box;

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    let mut list = List::new(10_000).unwrap();
    group.bench_function("keyframe of 10,000 rows", |bench| bench.iter(|| list.encoder.keyframe(0).unwrap().len()));
    group.bench_function("append and remove one row", |bench| {
        bench.iter(|| list.append(1).unwrap() + list.remove_last(1).unwrap());
    });
    let texts: [&[u8]; 2] = [b"a price of 12.50", b"a price of 13.75"];
    let mut turn = 0;
    group.bench_function("update every 10th of 10,000 rows", |bench| {
        bench.iter(|| {
            turn += 1;
            list.update(10, texts[turn % 2]).unwrap()
        });
    });
    let mut list = List::new(1_000).unwrap();
    let mut seed = 0;
    group.bench_function("shuffle 1,000 rows", |bench| {
        bench.iter(|| {
            seed += 1;
            let order = shuffled(&list.rows, seed);
            list.reorder(&order).unwrap()
        });
    });
    group.finish();
    let mut list = List::new(10_000).unwrap();
    let keyframe = list.encoder.keyframe(0).unwrap().to_vec();
    let mut group = criterion.benchmark_group("decode");
    group.bench_function("keyframe of 10,000 rows", |bench| {
        bench.iter_batched(
            || Decoder::new(Limits::DEFAULT),
            |mut decoder| decoder.push(&keyframe).unwrap(),
            BatchSize::LargeInput,
        );
    });
    group.finish();
    let mut group = criterion.benchmark_group("hash");
    let text = vec![b'x'; 1024];
    group.bench_function("1 KiB of text", |bench| bench.iter(|| Key(1).bytes(black_box(&text))));
    group.bench_function("a node's term", |bench| bench.iter(|| Key(1).term(black_box(7), 3, 9, 1234)));
    group.finish();
}

criterion_group! { name = all; config = Criterion::default().sample_size(20); targets = frames }
criterion_main!(all);
