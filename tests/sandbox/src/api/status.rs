//! Failures as a `Status`, in kube-apiserver's words.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::resource::Resource;

/// A failure.
#[derive(Debug, Clone)]
pub struct Failure {
    pub code: u16,
    pub reason: &'static str,
    pub message: String,
    pub details: Value,
}

pub type Answer<T> = Result<T, Failure>;

impl Failure {
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: json!({}) }
    }

    fn about(code: u16, reason: &'static str, resource: &Resource, name: &str, message: String) -> Self {
        let details = json!({"name": name, "group": resource.group, "kind": resource.plural});
        Self { details, ..Self::new(code, reason, message) }
    }

    pub fn not_found(resource: &Resource, name: &str) -> Self {
        Self::about(404, "NotFound", resource, name, format!("{} {name:?} not found", resource.qualified()))
    }

    pub fn exists(resource: &Resource, name: &str) -> Self {
        Self::about(409, "AlreadyExists", resource, name, format!("{} {name:?} already exists", resource.qualified()))
    }

    pub fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", resource.qualified());
        Self::about(409, "Conflict", resource, name, message)
    }

    pub fn invalid(resource: &Resource, name: &str, field: &str, why: &str) -> Self {
        let message = format!("{}.{} {name:?} is invalid: {field}: {why}", resource.kind, resource.group);
        let mut failure = Self::about(422, "Invalid", resource, name, message);
        failure.details["kind"] = json!(resource.kind);
        failure.details["causes"] = json!([{"reason": "FieldValueInvalid", "message": why, "field": field}]);
        failure
    }

    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub fn unsupported(what: &str) -> Self {
        Self::new(501, "NotImplemented", format!("the sandbox does not do this: {what}"))
    }

    pub fn to_status(&self) -> Value {
        let details = if self.details == json!({}) { Value::Null } else { self.details.clone() };
        let mut status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code});
        if !details.is_null() {
            status["details"] = details;
        }
        status
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        answer(self.code, &self.to_status())
    }
}

/// A JSON response.
pub fn answer(code: u16, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}
