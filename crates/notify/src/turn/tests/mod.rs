mod full;
mod play;
mod property;
mod scenarios;
mod world;
