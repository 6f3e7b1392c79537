//! Stand-in for `cubecl-llvm` 0.11.3.
//!
//! The CUDA runtime of CubeCL links an LLVM code generator whose build script downloads LLVM.
//! Curlwind compiles its CUDA kernels with NVRTC (`cubecl/cuda-cpp`), so this crate offers only the
//! names that the runtime mentions; asking it to generate code is an error, never a wrong result.

use cubecl_core::ir::nvidia::SmArch;
use cubecl_environment::backtrace::BackTrace;
use cubecl_runtime::{
    compiler::CompilationError,
    kernel::{BufferIOAttr, KernelDefinition},
};
use nvptx::ptx_version::PtxVersion;

/// NVIDIA's virtual instruction set.
pub mod nvptx {
    /// PTX versions.
    pub mod ptx_version {
        /// A PTX version; never constructed here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct PtxVersion(u32);

        impl PtxVersion {
            /// No driver is matched with a PTX version here.
            pub fn for_driver(_: i32) -> Option<Self> {
                None
            }
        }

        impl core::fmt::Display for PtxVersion {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "ptx{}", self.0)
            }
        }
    }
}

/// Parts shared by the targets.
pub mod shared {
    /// Feature restriction of the LLVM path.
    pub mod lowered_features {
        /// The target of the restriction.
        pub enum GpuTarget {
            /// NVIDIA PTX.
            Nvptx,
        }

        /// Restricts nothing: the NVRTC path supports every feature the device reports.
        pub fn restrict_features(_: &mut cubecl_core::ir::DeviceProperties, _: GpuTarget) {}
    }
}

/// The code generation target.
#[derive(Clone, Copy, Debug, Default)]
pub enum LlvmTarget {
    /// NVIDIA PTX.
    #[default]
    Nvptx,
}

/// A compiled PTX module; never constructed here.
#[derive(Clone, Debug)]
pub struct NvptxModule {
    /// PTX text.
    pub ptx: Vec<core::ffi::c_char>,
    /// Kernel name.
    pub entrypoint: String,
    /// LLVM IR.
    pub ir: String,
    /// Shared memory in bytes.
    pub shared_memory_size: usize,
    /// Buffer attributes.
    pub io: Vec<BufferIOAttr>,
}

/// The result of a compilation.
#[derive(Clone)]
pub enum PlironArtifact {
    /// PTX code.
    NvptxCode(NvptxModule),
    /// No code.
    Unavailable,
}

/// Compilation options.
#[derive(Clone, Debug, Default)]
pub struct PlironOptions {
    /// AMD architecture.
    pub arch: Option<()>,
    /// NVIDIA architecture.
    pub sm_arch: Option<SmArch>,
    /// PTX version.
    pub ptx_version: Option<PtxVersion>,
    /// Whether grid constants are used.
    pub grid_constants: bool,
    /// Placeholder for the remaining upstream options.
    pub unused: (),
}

/// The compiler that refuses.
#[derive(Clone, Debug, Default)]
pub struct PlironCompiler {
    /// The target.
    pub target: LlvmTarget,
}

impl PlironCompiler {
    /// Always an error that names the way out.
    pub fn compile(
        &mut self,
        _: KernelDefinition,
        _: &PlironOptions,
    ) -> Result<PlironArtifact, CompilationError> {
        Err(CompilationError::Generic {
            reason: "built without LLVM; enable cubecl/cuda-cpp".into(),
            backtrace: BackTrace::capture(),
        })
    }

    /// Name of the code generator in logs.
    pub fn lang_tag(&self) -> &'static str {
        "llvm-stand-in"
    }
}
