//! Looks for texts that break the reader.
//!
//! `cargo run --release -p jenkinsfile --example fuzz -- SECONDS [SEED [FILE…]]` changes the files of
//! the corpus, and those that are named, word by word and byte by byte, and reads what comes out
//! with all that `pilothouse check` and `convert` do. A panic, a text that takes longer than it
//! may, and a converted file that differs from run to run are failures: the text is printed and
//! kept in `tests/corpus/broken`, which a test reads for ever. One that exhausts the stack of a
//! thread ends this; it is kept there as well, as `last-SEED`.
#![expect(clippy::print_stdout, reason = "an example prints")]

mod mutate;
mod random;
mod repeat;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use jenkinsfile::convert::convert;
use jenkinsfile::judge;
use jenkinsfile::parser::parse;
use jenkinsfile::report::{Report, json, sarif};
use jenkinsfile::table::Table;
use random::Random;

/// The longest that a text may take for each of its bytes, and for any.
const PER_BYTE: Duration = Duration::from_micros(20);
const AT_LEAST: Duration = Duration::from_millis(500);

/// Of how many texts one has words that are repeated: they take long.
const ONE_IN: usize = 100;
/// How much of a text is printed, in characters; all of it is kept.
const SHOWN: usize = 2_000;
/// The stack that a thread has where nothing else is said, in bytes.
const STACK: usize = 2 << 20;

fn main() -> ExitCode {
    let reads = std::thread::Builder::new().stack_size(STACK).spawn(fuzz);
    let read = reads.and_then(|reads| {
        let panicked = |_| std::io::Error::other("the fuzzer itself panicked");
        reads.join().map_err(panicked)?
    });
    match read {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            println!("fuzz: {error}");
            ExitCode::from(2)
        }
    }
}

fn fuzz() -> std::io::Result<usize> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(60);
    let seed = arguments.next().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let corpus = std::fs::read_to_string(tests.join("corpus/groovy.txt"))?;
    let mut texts: Vec<String> = corpus
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(_, text)| text.replace("\\n", "\n"))
        .collect();
    for entry in std::fs::read_dir(tests.join("files"))? {
        texts.push(std::fs::read_to_string(entry?.path())?);
    }
    for file in arguments {
        texts.push(String::from_utf8_lossy(&std::fs::read(file)?).into_owned());
    }
    let table = Table::built_in();
    let mut random = Random(seed);
    let (began, limit) = (Instant::now(), Duration::from_secs(seconds));
    let (mut count, mut bytes, mut failures) = (0_usize, 0_usize, 0_usize);
    let kept = tests.join("corpus/broken");
    let last = kept.join(format!("last-{seed}"));
    while began.elapsed() < limit {
        let is_repeated = random.below(ONE_IN) == 0;
        let change = if is_repeated { repeat::repeated } else { mutate::mutated };
        let mut text = change(&texts, &mut random).into_bytes();
        // Texts that were read without a problem are worth changing further.
        if random.below(3) == 0 {
            scramble(&mut text, &mut random);
        }
        count += 1;
        bytes += text.len();
        if is_repeated {
            std::fs::create_dir_all(&kept)?;
            std::fs::write(&last, &text)?;
        }
        // A machine whose caches were busy is asked again.
        let is_slow = |looked: &Result<(), Failure>| matches!(looked, Err(Failure::Slow(_)));
        let mut looked = look(&text, &table)?;
        for _ in 0..3 {
            if is_slow(&looked) {
                looked = look(&text, &table)?;
            }
        }
        if let Err(why) = looked {
            failures += 1;
            let shown: String = String::from_utf8_lossy(&text).chars().take(SHOWN).collect();
            println!("{why:?}\n{shown:?}");
            std::fs::create_dir_all(&kept)?;
            std::fs::write(kept.join(format!("{seed}-{count}")), &text)?;
        } else if count % 50 == 0 && texts.len() < 4000 && !is_repeated {
            texts.push(String::from_utf8_lossy(&text).into_owned());
        }
        if is_repeated {
            std::fs::remove_file(&last)?;
        }
    }
    println!("{count} texts, {bytes} bytes, {failures} failures in {:?}", began.elapsed());
    Ok(failures)
}

/// Bytes that no keyboard makes.
fn scramble(text: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(text.len().max(1));
        let byte = u8::try_from(random.below(256)).unwrap_or_default();
        match random.below(3) {
            0 if at < text.len() => text[at] = byte,
            1 if at < text.len() => text.truncate(at),
            _ => text.insert(at.min(text.len()), byte),
        }
    }
}

/// What is wrong with how a text was read.
#[derive(Debug)]
enum Failure {
    Panicked,
    Differs,
    Slow(#[expect(dead_code, reason = "it is printed")] Duration),
}

/// How long this thread has had a processor: how busy a machine is with other things does not count
/// (the kernel's documentation, `sched-stats`: nanoseconds, the first number).
fn worked() -> std::io::Result<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = told.split(' ').next().and_then(|word| word.parse().ok());
    nanoseconds.map(Duration::from_nanos).ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}

/// Everything that is done with a file.
fn look(bytes: &[u8], table: &Table) -> std::io::Result<Result<(), Failure>> {
    let began = worked()?;
    let looked = catch_unwind(AssertUnwindSafe(|| {
        let reports = [Report::of("Jenkinsfile", bytes, table)];
        let told = (json(&reports).to_string(), sarif(&reports, "1").to_string());
        let text = String::from_utf8_lossy(bytes);
        let (script, grammar) = parse(&text);
        let judged = judge(&text, &script, &grammar, table);
        let converted = judged.pipeline.map(|pipeline| {
            let once = convert("Jenkinsfile", &text, &script, &pipeline, table);
            once == convert("Jenkinsfile", &text, &script, &pipeline, table)
        });
        (told, converted != Some(false))
    }));
    let took = worked()?.saturating_sub(began);
    Ok(match looked {
        Err(_) => Err(Failure::Panicked),
        Ok((_, false)) => Err(Failure::Differs),
        Ok(_) if took > AT_LEAST + PER_BYTE * u32::try_from(bytes.len()).unwrap_or(u32::MAX) => {
            Err(Failure::Slow(took))
        }
        Ok(_) => Ok(()),
    })
}
