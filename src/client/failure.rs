//! Why a request brought no answer, or a bad one.

use std::fmt;
use std::io;

use crate::error::{ApiError, ErrorCode};
use crate::wire::codec::{DecodeError, EncodeError};

/// What can go wrong with asking a node.
#[derive(Debug)]
pub enum ClientError {
    /// The node answered with an error.
    Api(ApiError),
    /// No answer in time; what was waited for.
    Timeout(String),
    /// The node cannot be reached, or went away.
    Disconnected(io::Error),
    /// The node speaks no version of the API that we speak.
    Unsupported(String),
    /// Bytes that are no answer, or a question that has no bytes.
    Protocol(String),
}

impl ClientError {
    /// The error of a code in an answer with the text beside it.
    pub fn api(code: i16, message: Option<String>) -> Self {
        let code = ErrorCode::from_code(code).unwrap_or(ErrorCode::UnknownServerError);
        Self::Api(ApiError { code, message })
    }

    /// Nothing, or the error of a code in an answer.
    pub fn check(code: i16, message: Option<String>) -> Result<(), Self> {
        if code == 0 { Ok(()) } else { Err(Self::api(code, message)) }
    }

    /// The protocol's code, where there is one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Api(error) => Some(error.code),
            _ => None,
        }
    }

    /// Whether the same may go well a moment later.
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Api(error) => error.code.is_retriable(),
            Self::Disconnected(_) => true,
            Self::Timeout(_) | Self::Unsupported(_) | Self::Protocol(_) => false,
        }
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(error) => f.write_str(error.text()),
            Self::Timeout(what) | Self::Unsupported(what) | Self::Protocol(what) => {
                f.write_str(what)
            }
            Self::Disconnected(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ClientError {}

impl From<io::Error> for ClientError {
    fn from(error: io::Error) -> Self {
        Self::Disconnected(error)
    }
}

impl From<DecodeError> for ClientError {
    fn from(error: DecodeError) -> Self {
        Self::Protocol(error.to_string())
    }
}

impl From<EncodeError> for ClientError {
    fn from(error: EncodeError) -> Self {
        Self::Protocol(error.to_string())
    }
}
