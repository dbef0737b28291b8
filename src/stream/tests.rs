mod bench;
mod events;
mod life;
mod text;
