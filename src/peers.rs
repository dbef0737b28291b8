//! Meshes of peers: routes inputs and commands to each, outputs and events to the driver.

use std::collections::VecDeque;

use fastrand::Rng;

use crate::connection::Context;
use crate::error::{ErrorCode, Misuse};
use crate::io::{Input, Output};
use crate::machine::Machine;
use crate::mesh::event::PeersEvent;
use crate::mesh::options::MeshOptions;
use crate::mesh::{Mesh, MeshAction};
use crate::ordered::OrderedMap;
use crate::time::{Deadline, Instant};

/// All meshes of a page. Each has a number.
#[derive(Debug)]
pub struct Peers {
    rng: Rng,
    /// Last number given to a mesh, a connection or a question.
    last_id: u32,
    meshes: OrderedMap<u32, Mesh>,
    outputs: VecDeque<Output<PeersEvent>>,
}

impl Peers {
    /// No meshes yet. `seed` is the source of all randomness.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            last_id: 0,
            meshes: OrderedMap::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Makes a mesh and returns its number. Nothing happens before signaling is up.
    pub fn join(&mut self, now: Instant, options: MeshOptions) -> u32 {
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        let number = cx.fresh();
        let mut mesh = Mesh::new(&mut cx, options);
        mesh.set_number(number);
        self.meshes.insert(number, mesh);
        number
    }

    /// Says goodbye to the peers of a mesh and lets go of it.
    pub fn leave(&mut self, now: Instant, mesh: u32) {
        self.with(now, mesh, |mesh, cx| {
            mesh.close(cx);
            Ok(())
        })
        .ok();
        self.meshes.remove(&mesh);
    }

    /// Lets go of all meshes.
    pub fn close(&mut self, now: Instant) {
        let meshes: Vec<u32> = self.meshes.keys().copied().collect();
        meshes.into_iter().for_each(|mesh| self.leave(now, mesh));
    }

    /// A mesh, for reading.
    ///
    /// # Errors
    /// `E_DISPOSED` if it was let go.
    pub fn mesh(&self, mesh: u32) -> Result<&Mesh, Misuse> {
        self.meshes.get(&mesh).ok_or_else(disposed)
    }

    /// Runs a command of a mesh.
    ///
    /// # Errors
    /// What the command says, or `E_DISPOSED` if it was let go.
    pub fn with<T>(
        &mut self,
        now: Instant,
        number: u32,
        command: impl FnOnce(&mut Mesh, &mut Context<'_>) -> Result<T, Misuse>,
    ) -> Result<T, Misuse> {
        let mesh = self.meshes.get_mut(&number).ok_or_else(disposed)?;
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        let result = command(mesh, &mut cx);
        while let Some(action) = mesh.poll_action() {
            self.outputs.push_back(match action {
                MeshAction::Peer(id, output) => Output::Peer(id, output),
                MeshAction::Tell(kind) => Output::Event(PeersEvent { mesh: number, kind }),
            });
        }
        result
    }

    fn each(&mut self, now: Instant, act: impl Fn(&mut Mesh, &mut Context<'_>)) {
        let numbers: Vec<u32> = self.meshes.keys().copied().collect();
        for number in numbers {
            self.with(now, number, |mesh, cx| {
                act(mesh, cx);
                Ok(())
            })
            .ok();
        }
    }
}

impl Machine for Peers {
    type Event = PeersEvent;

    fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Timeout => self.each(now, Mesh::handle_timeout),
            Input::Environment(environment) => {
                self.each(now, |mesh, cx| mesh.handle_environment(cx, environment));
            }
            Input::Peer(id, input) => {
                let owner = self.meshes.iter().find(|(_, mesh)| mesh.owns(id));
                let Some(number) = owner.map(|(number, _)| *number) else { return };
                self.with(now, number, |mesh, cx| {
                    mesh.handle_peer(cx, id, input);
                    Ok(())
                })
                .ok();
            }
            #[cfg(any(feature = "documents", feature = "links"))]
            _ => {}
        }
    }

    fn poll_output(&mut self) -> Option<Output<PeersEvent>> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.meshes.values().map(Mesh::poll_timeout).fold(None, Deadline::earliest)
    }
}

fn disposed() -> Misuse {
    Misuse::new(ErrorCode::Disposed, "the mesh has been left")
}
