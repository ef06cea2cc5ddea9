#[path = "suite/faulty_disk.rs"]
mod faulty_disk;
#[path = "suite/hostile_files.rs"]
mod hostile_files;
#[path = "suite/models.rs"]
mod models;
#[path = "suite/other_readers.rs"]
mod other_readers;
