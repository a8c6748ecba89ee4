//! What is read back, a file for each thing; none of it is cached here.

<<<<<<< HEAD
pub mod people;
=======
pub mod incidents;
>>>>>>> t-web
pub mod runs;
