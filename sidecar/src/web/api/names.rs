//! What stands in paths.

use utoipa::IntoParams;

/// A node.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents what the path holds")]
pub(super) struct NodeId {
    /// As in topics.
    #[param(min_length = 1, max_length = 64, example = "0123456789abcdef")]
    node: String,
}
