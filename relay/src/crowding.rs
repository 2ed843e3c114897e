//! How many connections each address has.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts, by address. 0 as the most lets everything through.
#[derive(Debug)]
pub(crate) struct Crowding {
    most: usize,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection that counts until this is gone.
#[derive(Debug)]
pub(crate) struct Place {
    crowding: Arc<Crowding>,
    address: IpAddr,
}

impl Crowding {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, counts: Mutex::default() })
    }

    /// One more connection of an address; none where it has as many as it may.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = crate::throttle::network(address);
        let mut counts = self.lock();
        let count = counts.entry(address).or_insert(0);
        if self.most > 0 && *count >= self.most {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Place { crowding: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.crowding.lock();
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_and_no_more() {
        let crowding = Crowding::new(2);
        let (here, there) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let one = crowding.enter(here).unwrap();
        let _two = crowding.enter(here).unwrap();
        assert!(crowding.enter(here).is_none());
        let other = crowding.enter(there);
        assert!(other.is_some());
        drop((one, other));
        assert!(crowding.enter(here).is_some());
        assert_eq!(crowding.lock().len(), 1, "who has none is forgotten");
    }
}
