//! Where recordings go that are not to stay in a folder: an S3 bucket, or what speaks like one. What has ended is packed, put there, and
//! deleted here.

use ::relay::Recorded;
use futures_util::TryStreamExt;
use object_store::{ObjectStore, WriteMultipart, aws::AmazonS3Builder, path::Path as Key};
use std::{
    fs,
    io::{self, Read},
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// So much is sent at a time: the least that S3 takes as a part.
const PART_BYTES: usize = 5 << 20;

/// See the module's documentation. All of it waits: it is called by threads that may.
#[derive(Debug)]
pub(super) struct Vault {
    store: Arc<dyn ObjectStore>,
    prefix: Key,
    runtime: tokio::runtime::Runtime,
}

impl Vault {
    /// Opens `s3://BUCKET/PREFIX`. Keys, region and endpoint are taken from the environment, as AWS's own tools take them
    /// (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`, `AWS_ALLOW_HTTP`).
    pub(super) fn open(address: &str) -> io::Result<Self> {
        let rest = address.strip_prefix("s3://").unwrap_or(address);
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let store = AmazonS3Builder::from_env().with_bucket_name(bucket).build().map_err(io::Error::other)?;
        Self::new(Arc::new(store), prefix)
    }

    fn new(store: Arc<dyn ObjectStore>, prefix: &str) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { store, prefix: Key::from(prefix), runtime })
    }

    fn key(&self, name: &str) -> Key {
        self.prefix.child(format!("{name}.{}", super::folder::ENDING))
    }

    /// Puts a file there.
    pub(super) fn put(&self, name: &str, file: &Path) -> io::Result<()> {
        let mut file = fs::File::open(file)?;
        self.runtime.block_on(async {
            let upload = self.store.put_multipart(&self.key(name)).await?;
            let mut upload = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
            let mut part = vec![0; PART_BYTES];
            loop {
                let read = file.read(&mut part)?;
                if read == 0 {
                    break;
                }
                upload.write(&part[..read]);
                upload.wait_for_capacity(2).await?;
            }
            upload.finish().await?;
            Ok(())
        })
    }

    /// What there is.
    pub(super) fn list(&self) -> io::Result<Vec<Recorded>> {
        let all: Vec<_> =
            self.runtime.block_on(self.store.list(Some(&self.prefix)).try_collect()).map_err(io::Error::other)?;
        let one = |about: object_store::ObjectMeta| {
            let name = about.location.filename()?.strip_suffix(&format!(".{}", super::folder::ENDING))?.to_owned();
            let written = u64::try_from(about.last_modified.timestamp_millis()).unwrap_or(0);
            Some(Recorded { name, bytes: about.size, written })
        };
        Ok(all.into_iter().filter_map(one).collect())
    }

    /// Deletes a recording; false when there is none.
    pub(super) fn delete(&self, name: &str) -> io::Result<bool> {
        let key = self.key(name);
        self.runtime.block_on(async {
            // To delete what is not there is no error for S3.
            match self.store.head(&key).await {
                Err(object_store::Error::NotFound { .. }) => return Ok(false),
                about => about.map_err(io::Error::other)?,
            };
            self.store.delete(&key).await.map_err(io::Error::other)?;
            Ok(true)
        })
    }

    /// Deletes what was put there longer ago than `keep`; how many.
    pub(super) fn expire(&self, keep: Duration) -> io::Result<usize> {
        let Some(before) = SystemTime::now().checked_sub(keep) else { return Ok(0) };
        let before = before.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut count = 0;
        for old in self.list()?.into_iter().filter(|recorded| u128::from(recorded.written) < before) {
            count += usize::from(self.delete(&old.name)?);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_put_listed_and_deleted() {
        let vault = Vault::new(Arc::new(object_store::memory::InMemory::new()), "calls/2026").unwrap();
        let file = std::env::temp_dir().join(format!("cobrowse-vault-{}", std::process::id()));
        // More than a part.
        fs::write(&file, vec![7; PART_BYTES + 3]).unwrap();
        vault.put("20260101-000000-00000001", &file).unwrap();
        vault.put("20260101-000000-00000002", &file).unwrap();
        fs::remove_file(&file).unwrap();
        let names = || vault.list().unwrap().into_iter().map(|one| (one.name, one.bytes)).collect::<Vec<_>>();
        assert_eq!(names().len(), 2);
        assert_eq!(names()[0], ("20260101-000000-00000001".to_owned(), PART_BYTES as u64 + 3));
        assert!(vault.delete("20260101-000000-00000001").unwrap());
        assert!(!vault.delete("20260101-000000-00000001").unwrap());
        assert_eq!(vault.expire(Duration::from_secs(60)).unwrap(), 0);
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(vault.expire(Duration::from_millis(5)).unwrap(), 1);
        assert_eq!(names(), []);
    }
}
