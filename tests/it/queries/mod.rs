mod events;
mod exports;
mod figures;
mod pages;
mod searches;
mod sheets;
