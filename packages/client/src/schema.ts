// Generated from docs/openapi.json by `npm run openapi`. Do not edit.

export interface paths {
    "/recognize_face": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Verify an employee, in the words of the original service (scope: verify) */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The gate at which the request is made, for tokens that are bound to gates */
                    "X-Gate"?: string;
                    /** @description `respond-async` or `wait=N` (RFC 7240) */
                    Prefer?: string;
                    /** @description The same key with the same request, within a day, is the same job */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "multipart/form-data": {
                        /** @description employee_id must have 1 to 64 letters, digits, spaces, dots, hyphens or underscores, and must not contain ".." */
                        employee_id: string;
                        /** @description JPEG, PNG or WebP */
                        image: Blob;
                        /**
                         * Format: uri
                         * @description Where the end of the job is told; its host must be one of CALLBACK_HOSTS
                         */
                        callback_url?: string;
                    };
                };
            };
            responses: {
                /** @description Recognized */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Recognized"];
                    };
                };
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Accepted"];
                    };
                };
                /** @description NotRecognized */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NotRecognized"];
                    };
                };
                /** @description OriginalError */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OriginalError"];
                    };
                };
                /** @description OriginalError */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OriginalError"];
                    };
                };
                /** @description OriginalError */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OriginalError"];
                    };
                };
                /** @description OriginalError */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OriginalError"];
                    };
                };
                /** @description OriginalError */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OriginalError"];
                    };
                };
                /** @description OriginalError */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OriginalError"];
                    };
                };
                /** @description OriginalError */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OriginalError"];
                    };
                };
                /** @description OriginalError */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OriginalError"];
                    };
                };
                /** @description OriginalError */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OriginalError"];
                    };
                };
                /** @description OriginalError */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OriginalError"];
                    };
                };
                /** @description OriginalError */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OriginalError"];
                    };
                };
                /** @description OriginalError */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OriginalError"];
                    };
                };
                /** @description OriginalError */
                507: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OriginalError"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/verifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Is this the employee? (scope: verify) */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The gate at which the request is made, for tokens that are bound to gates */
                    "X-Gate"?: string;
                    /** @description `respond-async` or `wait=N` (RFC 7240) */
                    Prefer?: string;
                    /** @description The same key with the same request, within a day, is the same job */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "multipart/form-data": {
                        /** @description employee_id must have 1 to 64 letters, digits, spaces, dots, hyphens or underscores, and must not contain ".." */
                        employee_id: string;
                        /** @description JPEG, PNG or WebP */
                        image: Blob;
                        /**
                         * Format: uri
                         * @description Where the end of the job is told; its host must be one of CALLBACK_HOSTS
                         */
                        callback_url?: string;
                    };
                };
            };
            responses: {
                /** @description Verification */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Verification"];
                    };
                };
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Accepted"];
                    };
                };
                /** @description missing_fields, too_many_images, invalid_employee_id */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description insufficient_scope, gate_not_allowed, host_not_allowed, origin_not_allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description employee_not_found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description upload_too_slow */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description cancelled */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description result_gone */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description upload_too_large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description unsupported_image_type */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description idempotency_key_reused, callback_not_allowed, unreadable_image */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description rate_limited, verification_locked */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description internal_error */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description uploads_busy, overloaded, store_unavailable, queue_unavailable, expired */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description store_full */
                507: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/comparisons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Do two photos show one person? (scope: verify) */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The gate at which the request is made, for tokens that are bound to gates */
                    "X-Gate"?: string;
                    /** @description `respond-async` or `wait=N` (RFC 7240) */
                    Prefer?: string;
                    /** @description The same key with the same request, within a day, is the same job */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "multipart/form-data": {
                        image: Blob[];
                        /**
                         * Format: uri
                         * @description Where the end of the job is told; its host must be one of CALLBACK_HOSTS
                         */
                        callback_url?: string;
                    };
                };
            };
            responses: {
                /** @description Comparison */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Comparison"];
                    };
                };
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Accepted"];
                    };
                };
                /** @description missing_fields, too_many_images */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description insufficient_scope, gate_not_allowed, host_not_allowed, origin_not_allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description upload_too_slow */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description cancelled */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description result_gone */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description upload_too_large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description unsupported_image_type */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description idempotency_key_reused, callback_not_allowed, unreadable_image */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description rate_limited */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description internal_error */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description uploads_busy, overloaded, store_unavailable, queue_unavailable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description store_full */
                507: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/identifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Which employee is this? (scope: verify) */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The gate at which the request is made, for tokens that are bound to gates */
                    "X-Gate"?: string;
                    /** @description `respond-async` or `wait=N` (RFC 7240) */
                    Prefer?: string;
                    /** @description The same key with the same request, within a day, is the same job */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "multipart/form-data": {
                        /** @description JPEG, PNG or WebP */
                        image: Blob;
                        limit?: number;
                        /**
                         * Format: uri
                         * @description Where the end of the job is told; its host must be one of CALLBACK_HOSTS
                         */
                        callback_url?: string;
                    };
                };
            };
            responses: {
                /** @description Identification */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Identification"];
                    };
                };
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Accepted"];
                    };
                };
                /** @description missing_fields, too_many_images, invalid_request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description insufficient_scope, gate_not_allowed, host_not_allowed, origin_not_allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description upload_too_slow */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description cancelled */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description result_gone */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description upload_too_large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description unsupported_image_type */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description idempotency_key_reused, callback_not_allowed, unreadable_image */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description rate_limited, verification_locked */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description internal_error */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description uploads_busy, overloaded, store_unavailable, queue_unavailable, expired */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description store_full */
                507: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** State of a job, once it has ended or `wait` seconds have passed; with `Accept: text/event-stream` as a stream */
        get: {
            parameters: {
                query?: {
                    /** @description Seconds, 60 at most */
                    wait?: string;
                };
                header?: {
                    /** @description The gate at which the request is made, for tokens that are bound to gates */
                    "X-Gate"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Job */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Job"];
                    };
                };
                /** @description invalid_request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description insufficient_scope, gate_not_allowed, host_not_allowed, origin_not_allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description job_not_found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description rate_limited */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description queue_unavailable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Take a job back that has not begun */
        delete: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The gate at which the request is made, for tokens that are bound to gates */
                    "X-Gate"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Job */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Job"];
                    };
                };
                /** @description unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description insufficient_scope, gate_not_allowed, host_not_allowed, origin_not_allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description job_not_found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description job_begun */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description rate_limited */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description queue_unavailable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/employees": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Employees in pages (scope: read) */
        get: {
            parameters: {
                query?: {
                    /** @description 1 to 1000, 100 by default */
                    limit?: string;
                    /** @description `next_cursor` of the page before */
                    cursor?: string;
                    /** @description Start of the id */
                    prefix?: string;
                };
                header?: {
                    /** @description The gate at which the request is made, for tokens that are bound to gates */
                    "X-Gate"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Employees */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Employees"];
                    };
                };
                /** @description invalid_request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description insufficient_scope, gate_not_allowed, host_not_allowed, origin_not_allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description rate_limited */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description store_unavailable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/employees/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An employee (scope: read) */
        get: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The gate at which the request is made, for tokens that are bound to gates */
                    "X-Gate"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Employee */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Employee"];
                    };
                };
                /** @description invalid_employee_id */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description insufficient_scope, gate_not_allowed, host_not_allowed, origin_not_allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description employee_not_found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description rate_limited */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Erase everything about an employee: photos, embeddings, jobs, uploads (scope: erase) */
        delete: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The gate at which the request is made, for tokens that are bound to gates */
                    "X-Gate"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Erasure */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Erasure"];
                    };
                };
                /** @description invalid_employee_id */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description insufficient_scope, gate_not_allowed, host_not_allowed, origin_not_allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description employee_not_found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description rate_limited */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description queue_unavailable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/employees/{id}/faces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An employee's reference photos (scope: read) */
        get: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The gate at which the request is made, for tokens that are bound to gates */
                    "X-Gate"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Employee */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Employee"];
                    };
                };
                /** @description unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description insufficient_scope, gate_not_allowed, host_not_allowed, origin_not_allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description employee_not_found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description rate_limited */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Make photos references, if they are fit (scope: enroll) */
        post: {
            parameters: {
                query?: {
                    /** @description `true` takes a photo that does not resemble the others */
                    force?: string;
                };
                header?: {
                    /** @description The gate at which the request is made, for tokens that are bound to gates */
                    "X-Gate"?: string;
                    /** @description `respond-async` or `wait=N` (RFC 7240) */
                    Prefer?: string;
                    /** @description The same key with the same request, within a day, is the same job */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "multipart/form-data": {
                        image: Blob[];
                        /**
                         * Format: uri
                         * @description Where the end of the job is told; its host must be one of CALLBACK_HOSTS
                         */
                        callback_url?: string;
                    };
                };
            };
            responses: {
                /** @description Enrolment */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Enrolment"];
                    };
                };
                /** @description Enrolment */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Enrolment"];
                    };
                };
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Accepted"];
                    };
                };
                /** @description missing_fields, too_many_images, invalid_employee_id */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description insufficient_scope, gate_not_allowed, host_not_allowed, origin_not_allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description upload_too_slow */
                408: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description cancelled */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description result_gone */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description upload_too_large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description unsupported_image_type */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description idempotency_key_reused, callback_not_allowed, unreadable_image, photos_refused */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description rate_limited */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description internal_error */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description uploads_busy, overloaded, store_unavailable, queue_unavailable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description store_full */
                507: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/employees/{id}/faces/{face}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A reference photo (scope: read) */
        get: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The gate at which the request is made, for tokens that are bound to gates */
                    "X-Gate"?: string;
                };
                path: {
                    id: string;
                    face: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description image */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "image/*": unknown;
                    };
                };
                /** @description unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description insufficient_scope, gate_not_allowed, host_not_allowed, origin_not_allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description face_not_found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description rate_limited */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Erase a reference photo (scope: erase) */
        delete: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The gate at which the request is made, for tokens that are bound to gates */
                    "X-Gate"?: string;
                };
                path: {
                    id: string;
                    face: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Erasure */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Erasure"];
                    };
                };
                /** @description unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description insufficient_scope, gate_not_allowed, host_not_allowed, origin_not_allowed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description face_not_found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description rate_limited */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process is alive */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description ok */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A verification could be answered */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Readiness */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Readiness"];
                    };
                };
                /** @description Readiness */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Readiness"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface webhooks {
    jobEnded: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What is sent to a callback_url, signed in Rollcall-Signature */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CallbackEvent"];
                };
            };
            responses: {
                /** @description Received */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface components {
    schemas: {
        Accepted: {
            /** Format: uuid */
            job_id: string;
            /** @enum {string} */
            status: "queued" | "active";
            status_url: string;
        };
        CallbackEvent: {
            /** @constant */
            type: "job.ended";
            /** Format: uuid */
            job_id: string;
            job: components["schemas"]["Job"];
        } | {
            /** @constant */
            type: "job.removed";
            /** Format: uuid */
            job_id: string;
        };
        Comparison: {
            /** Format: uuid */
            job_id: string;
            verified: boolean;
            reason: ("not_matched" | "no_face" | "face_too_small" | "unreadable_image") | null;
            distance: number | null;
            threshold: number;
            model: string;
            similarity_metric: string;
            faces: (components["schemas"]["FacialArea"] | null)[];
            qualities: components["schemas"]["ProbeQuality"][];
            time: number;
        };
        Employee: {
            employee_id: string;
            faces: {
                face: string;
                bytes: number;
                /** Format: date-time */
                modified_at: string;
                photo_url: string;
                embedded: boolean;
            }[];
        };
        Employees: {
            employees: {
                employee_id: string;
            }[];
            next_cursor: string | null;
        };
        EnrolledPhoto: {
            /** @enum {string} */
            status: "added" | "replaced" | "unchanged" | "refused";
            face: string | null;
            area: components["schemas"]["FacialArea"] | null;
            landmarks: {
                left_eye: [
                    number,
                    number
                ];
                right_eye: [
                    number,
                    number
                ];
                nose: [
                    number,
                    number
                ];
                mouth_left: [
                    number,
                    number
                ];
                mouth_right: [
                    number,
                    number
                ];
            } | null;
            quality: components["schemas"]["FaceQuality"] | null;
            refusals: components["schemas"]["QualityFinding"][];
            warnings: components["schemas"]["QualityFinding"][];
        };
        Enrolment: {
            /** Format: uuid */
            job_id: string;
            employee_id: string;
            photos: components["schemas"]["EnrolledPhoto"][];
        };
        Erasure: {
            employee_id: string;
            erased: {
                photos: number;
                embeddings: number;
                other_objects: number;
                jobs: number;
                uploads: number;
            };
        };
        FaceQuality: {
            face_size: number;
            detection_score: number;
            embedding_norm: number;
            sharpness: number;
            brightness: number;
            contrast: number;
            overexposed: number;
            roll: number;
            yaw: number;
            inside: number;
        };
        FacialArea: {
            x: number;
            y: number;
            w: number;
            h: number;
            left_eye: [
                number,
                number
            ];
            right_eye: [
                number,
                number
            ];
        };
        Identification: {
            /** Format: uuid */
            job_id: string;
            reason: ("not_matched" | "no_face" | "face_too_small" | "unreadable_image") | null;
            candidates: {
                employee_id: string;
                photo: string;
                distance: number;
            }[];
            threshold: number;
            model: string;
            similarity_metric: string;
            probe: components["schemas"]["FacialArea"] | null;
            quality: components["schemas"]["ProbeQuality"];
            time: number;
        };
        Job: {
            /** Format: uuid */
            job_id: string;
            /** @enum {string} */
            status: "queued" | "active" | "succeeded" | "failed" | "expired" | "cancelled";
            status_url: string;
            position?: number;
            estimated_wait_seconds?: number;
            result?: components["schemas"]["Verification"] | components["schemas"]["Enrolment"] | components["schemas"]["Identification"] | components["schemas"]["Comparison"];
            response?: {
                status: number;
                body: components["schemas"]["Recognized"] | components["schemas"]["NotRecognized"] | components["schemas"]["OriginalError"] | (components["schemas"]["Verification"] | components["schemas"]["Enrolment"] | components["schemas"]["Identification"] | components["schemas"]["Comparison"]) | components["schemas"]["Problem"];
            };
        };
        NotRecognized: {
            /** @constant */
            message: "Face not recognized";
            /** @enum {string} */
            reason: "not_matched" | "no_face" | "face_too_small" | "unreadable_image";
            advice: string | null;
            verification_result: components["schemas"]["VerificationResult"];
        };
        OriginalError: {
            error: string;
        };
        ProbeQuality: {
            measures: components["schemas"]["FaceQuality"] | null;
            findings: components["schemas"]["QualityFinding"][];
        };
        Problem: {
            /** @constant */
            type: "about:blank";
            title: string;
            status: number;
            detail: string;
            /** @enum {string} */
            code: "missing_fields" | "invalid_employee_id" | "invalid_request" | "too_many_images" | "unauthorized" | "insufficient_scope" | "gate_not_allowed" | "origin_not_allowed" | "host_not_allowed" | "employee_not_found" | "reference_not_found" | "reference_unusable" | "employee_erased" | "face_not_found" | "job_not_found" | "route_not_found" | "method_not_allowed" | "job_begun" | "cancelled" | "result_gone" | "upload_too_slow" | "upload_too_large" | "unsupported_image_type" | "unreadable_image" | "callback_not_allowed" | "no_face" | "idempotency_key_reused" | "photos_refused" | "rate_limited" | "verification_locked" | "internal_error" | "overloaded" | "store_unavailable" | "uploads_busy" | "queue_unavailable" | "store_full" | "erasure_incomplete" | "expired";
            retryable: boolean;
            request_id: string;
            /** Format: uuid */
            job_id?: string;
            photos?: components["schemas"]["EnrolledPhoto"][];
        };
        QualityFinding: {
            /** @enum {string} */
            reason: "UNREADABLE_IMAGE" | "NO_FACE" | "MULTIPLE_FACES" | "SMALL_BOUNDING_BOX" | "LOW_SHARPNESS" | "LOW_BRIGHTNESS" | "HIGH_BRIGHTNESS" | "EXTREME_POSE" | "LOW_CONFIDENCE" | "LOW_FACE_QUALITY" | "CUT_OFF" | "DIFFERENT_PERSON" | "LOOKS_LIKE_ANOTHER";
            measure: string | null;
            value: number | null;
            limit: number | null;
            employee_id?: string;
            advice: string;
        };
        Readiness: {
            /** @enum {string} */
            status: "ready" | "not_ready";
            checks: {
                [key: string]: {
                    ok: boolean;
                    detail: string;
                };
            };
        };
        Recognized: {
            /** @constant */
            message: "Face recognized successfully";
            employee_id: string;
            verification_result: components["schemas"]["VerificationResult"];
        };
        Verification: {
            /** Format: uuid */
            job_id: string;
            employee_id: string;
            verified: boolean;
            reason: ("not_matched" | "no_face" | "face_too_small" | "unreadable_image") | null;
            distance: number | null;
            threshold: number;
            model: string;
            similarity_metric: string;
            probe: components["schemas"]["FacialArea"] | null;
            quality: components["schemas"]["ProbeQuality"];
            reference: {
                photo: string;
                face: components["schemas"]["FacialArea"];
            } | null;
            references: {
                photo: string;
                distance: number;
            }[];
            time: number;
        };
        VerificationResult: {
            verified: boolean;
            distance: number | null;
            threshold: number;
            /** @constant */
            model: "SFace";
            /** @constant */
            detector_backend: "yunet";
            /** @constant */
            similarity_metric: "cosine";
            facial_areas: {
                img1: components["schemas"]["FacialArea"] | null;
                img2: components["schemas"]["FacialArea"] | null;
            };
            time: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
