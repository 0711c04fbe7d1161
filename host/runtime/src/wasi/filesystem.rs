//! `wasi:filesystem`: no directory is opened for a guest, so it can name no file.
//! The descriptors below can therefore not exist; were there one, all of its
//! operations would be refused.

use super::Wasi;
use super::bindings::wasi::filesystem::{preopens, types};
use super::bindings::wasi::io::error::Error;
use super::bindings::wasi::io::streams::{InputStream, OutputStream};
use types::{
    Advice, Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
    DirectoryEntryStream, ErrorCode, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime::component::Resource;

impl preopens::Host for Wasi {
    fn get_directories(&mut self) -> Vec<(Resource<Descriptor>, String)> {
        Vec::new()
    }
}

impl types::Host for Wasi {
    fn filesystem_error_code(&mut self, _: Resource<Error>) -> Option<ErrorCode> {
        None
    }
}

impl types::HostDescriptor for Wasi {
    refuse! { ErrorCode::Access;
        read_via_stream(Resource<Descriptor>, u64) -> Resource<InputStream>;
        write_via_stream(Resource<Descriptor>, u64) -> Resource<OutputStream>;
        append_via_stream(Resource<Descriptor>) -> Resource<OutputStream>;
        advise(Resource<Descriptor>, u64, u64, Advice) -> ();
        sync_data(Resource<Descriptor>) -> ();
        get_flags(Resource<Descriptor>) -> DescriptorFlags;
        get_type(Resource<Descriptor>) -> DescriptorType;
        set_size(Resource<Descriptor>, u64) -> ();
        set_times(Resource<Descriptor>, NewTimestamp, NewTimestamp) -> ();
        read(Resource<Descriptor>, u64, u64) -> (Vec<u8>, bool);
        write(Resource<Descriptor>, Vec<u8>, u64) -> u64;
        read_directory(Resource<Descriptor>) -> Resource<DirectoryEntryStream>;
        sync(Resource<Descriptor>) -> ();
        create_directory_at(Resource<Descriptor>, String) -> ();
        stat(Resource<Descriptor>) -> DescriptorStat;
        stat_at(Resource<Descriptor>, PathFlags, String) -> DescriptorStat;
        set_times_at(Resource<Descriptor>, PathFlags, String, NewTimestamp, NewTimestamp) -> ();
        link_at(Resource<Descriptor>, PathFlags, String, Resource<Descriptor>, String) -> ();
        open_at(Resource<Descriptor>, PathFlags, String, OpenFlags, DescriptorFlags)
            -> Resource<Descriptor>;
        readlink_at(Resource<Descriptor>, String) -> String;
        remove_directory_at(Resource<Descriptor>, String) -> ();
        rename_at(Resource<Descriptor>, String, Resource<Descriptor>, String) -> ();
        symlink_at(Resource<Descriptor>, String, String) -> ();
        unlink_file_at(Resource<Descriptor>, String) -> ();
        metadata_hash(Resource<Descriptor>) -> MetadataHashValue;
        metadata_hash_at(Resource<Descriptor>, PathFlags, String) -> MetadataHashValue;
    }

    fn is_same_object(&mut self, _: Resource<Descriptor>, _: Resource<Descriptor>) -> bool {
        false
    }

    release!(Descriptor);
}

impl types::HostDirectoryEntryStream for Wasi {
    refuse! { ErrorCode::Access;
        read_directory_entry(Resource<DirectoryEntryStream>) -> Option<DirectoryEntry>;
    }

    release!(DirectoryEntryStream);
}
