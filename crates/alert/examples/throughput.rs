//! Prints how long the engine takes for frames of 1,000 nodes.
//!
//! `cargo run --release -p atalaya-alert --example throughput`: a frame is that of a NAS with four disks. It is counted in
//! two ways: as 150 readings (the keys of its views), and as 150 views, which is fifteen times as much.
#![allow(clippy::expect_used, clippy::cast_precision_loss)]

use std::time::{Duration, Instant};

use atalaya_alert::{Engine, Event, NodeId, Object, Rules, State, Values, Wall, rule};
use atalaya_wire::{Sample, text, view};

const NODES: usize = 1_000;
const FRAMES: i64 = 10;
const BEGIN: i64 = 1_795_219_200;

fn disk(number: usize, heat: f32) -> (Object, Sample) {
    let disk = view::Disk {
        kind: Some(text("hdd")),
        health: Some(text("ok")),
        power: Some(text("active")),
        model: Some(text("WDC WD40EFRX-68N32N0")),
        serial: Some(text("WD-WCC7K0123456")),
        temperature_celsius: Some(heat),
        pending_count: Some(0),
        reallocated_count: Some(0),
        crc_count: Some(3),
        ..view::Disk::default()
    };
    (Object::new("disk", &format!("d{number}")), disk.into())
}

fn fs(number: usize, used: f32) -> (Object, Sample) {
    let fs = view::FileSystem {
        mount: Some(text("/srv")),
        kind: Some(text("ext4")),
        state: Some(text("ok")),
        size_bytes: Some(4_000_000_000_000),
        free_bytes: Some(900_000_000_000),
        used_percent: Some(used),
        inodes_used_percent: Some(2.0),
        read_only: Some(false),
        ..view::FileSystem::default()
    };
    (Object::new("fs", &format!("f{number}")), fs.into())
}

/// `disks` disks and a file system for every two of them, and the machine itself.
fn frame(disks: usize, minute: i64) -> Vec<(Object, Sample)> {
    let wave = (minute % 7) as f32;
    let system =
        view::System { cpu_percent: Some(10.0 + wave), memory_used_percent: Some(60.0), ..view::System::default() };
    let mut out = vec![(Object::from("system"), system.into())];
    out.extend((0..disks).map(|number| disk(number, 35.0 + wave)));
    out.extend((0..disks / 2).map(|number| fs(number, 80.0 + wave / 10.0)));
    out
}

/// Time for a frame, and for a tick with the whole fleet.
fn measure(disks: usize) -> (usize, usize, Duration, Duration) {
    let engine = Engine::new(Rules::parse(&[rule::DEFAULT]).expect("the shipped rules are valid"));
    let mut state = State::default();
    let nodes: Vec<NodeId> = (0..NODES).map(|number| NodeId::from(format!("node{number:04}").as_str())).collect();
    let (mut frames, mut ticks) = (Duration::ZERO, Duration::ZERO);
    let (mut views, mut keys) = (0, 0);
    for minute in 0..FRAMES {
        let (now, frame) = (Wall(BEGIN + minute * 60), frame(disks, minute));
        (views, keys) = (frame.len(), frame.iter().map(|(_, sample)| sample.fields().len()).sum());
        let begin = Instant::now();
        for node in &nodes {
            for (object, sample) in &frame {
                let values = Values::from(sample);
                let event = Event::Sample { node: node.clone(), object: object.clone(), values, at: now };
                std::hint::black_box(engine.step(&mut state, &event, now));
            }
        }
        frames += begin.elapsed();
        let begin = Instant::now();
        std::hint::black_box(engine.step(&mut state, &Event::Tick, now));
        ticks += begin.elapsed();
    }
    let frames = frames / u32::try_from(NODES).unwrap_or(1) / u32::try_from(FRAMES).unwrap_or(1);
    (views, keys, frames, ticks / u32::try_from(FRAMES).unwrap_or(1))
}

fn main() {
    for disks in [4, 100] {
        let (views, keys, frame, tick) = measure(disks);
        println!(
            "{NODES} nodes, {views} views with {keys} keys a frame: {frame:?} a frame, {tick:?} a tick of all nodes"
        );
    }
}
