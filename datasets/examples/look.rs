fn main(){ for p in std::env::args().skip(1) { match curlwind_datasets::inspect::inspect(&p) { Ok(d)=>println!("{d}"), Err(e)=>println!("{e}") } } }
