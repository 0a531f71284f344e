/** By operation and status: a body that a running Rollcall has answered with, about the portraits of test/fixtures/photos. */
export const EXAMPLES: Readonly<Record<string, Readonly<Record<number, unknown>>>> = {
  isAlive: {
    '200': {
      status: 'ok',
    },
  },
  isReady: {
    '200': {
      status: 'ready',
      checks: {
        redis: {
          ok: true,
          detail: 'answers PONG',
        },
        store: {
          ok: true,
          detail: 'filesystem',
        },
        workers: {
          ok: true,
          detail: '1 connected',
        },
      },
    },
    '503': {
      status: 'not_ready',
      checks: {
        redis: {
          ok: true,
          detail: '',
        },
        store: {
          ok: true,
          detail: '',
        },
        workers: {
          ok: false,
          detail: '',
        },
      },
    },
  },
  recognizeFace: {
    '200': {
      message: 'Face recognized successfully',
      employee_id: '1001',
      verification_result: {
        verified: true,
        distance: 0.378,
        threshold: 0.593,
        model: 'SFace',
        detector_backend: 'yunet',
        similarity_metric: 'cosine',
        facial_areas: {
          img1: {
            x: 206,
            y: 157,
            w: 320,
            h: 429,
            left_eye: [408, 312],
            right_eye: [269, 328],
          },
          img2: {
            x: 63,
            y: 47,
            w: 75,
            h: 104,
            left_eye: [118, 85],
            right_eye: [84, 89],
          },
        },
        time: 0.033,
      },
    },
    '202': {
      job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      status: 'queued',
      status_url: '/v1/jobs/7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
    },
    '400': {
      message: 'Face not recognized',
      reason: 'not_matched',
      advice: null,
      verification_result: {
        verified: false,
        distance: 0.992,
        threshold: 0.593,
        model: 'SFace',
        detector_backend: 'yunet',
        similarity_metric: 'cosine',
        facial_areas: {
          img1: {
            x: 222,
            y: 154,
            w: 286,
            h: 391,
            left_eye: [433, 300],
            right_eye: [302, 306],
          },
          img2: {
            x: 63,
            y: 47,
            w: 75,
            h: 104,
            left_eye: [118, 85],
            right_eye: [84, 89],
          },
        },
        time: 0.135,
      },
    },
  },
  verify: {
    '200': {
      job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      employee_id: '1001',
      verified: true,
      reason: null,
      distance: 0.378,
      threshold: 0.593,
      model: 'SFace',
      similarity_metric: 'cosine',
      probe: {
        x: 206,
        y: 157,
        w: 320,
        h: 429,
        left_eye: [408, 312],
        right_eye: [269, 328],
      },
      quality: {
        measures: {
          face_size: 371,
          detection_score: 0.953,
          embedding_norm: 14.67,
          sharpness: 0.776,
          brightness: 167,
          contrast: 176,
          overexposed: 0,
          roll: -6.8,
          yaw: -20.6,
          inside: 1,
        },
        findings: [],
      },
      reference: {
        photo: 'face_1.jpg',
        face: {
          x: 63,
          y: 47,
          w: 75,
          h: 104,
          left_eye: [118, 85],
          right_eye: [84, 89],
        },
      },
      references: [
        {
          photo: 'face_1.jpg',
          distance: 0.378,
        },
      ],
      time: 0.037,
    },
    '202': {
      job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      status: 'queued',
      status_url: '/v1/jobs/7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
    },
  },
  compare: {
    '200': {
      job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      verified: false,
      reason: 'not_matched',
      distance: 0.992,
      threshold: 0.593,
      model: 'SFace',
      similarity_metric: 'cosine',
      faces: [
        {
          x: 63,
          y: 47,
          w: 75,
          h: 104,
          left_eye: [118, 85],
          right_eye: [84, 89],
        },
        {
          x: 222,
          y: 154,
          w: 286,
          h: 391,
          left_eye: [433, 300],
          right_eye: [302, 306],
        },
      ],
      qualities: [
        {
          measures: {
            face_size: 88,
            detection_score: 0.931,
            embedding_norm: 13.24,
            sharpness: 0.687,
            brightness: 143,
            contrast: 140,
            overexposed: 0,
            roll: -6.4,
            yaw: 5,
            inside: 1,
          },
          findings: [],
        },
        {
          measures: {
            face_size: 334,
            detection_score: 0.947,
            embedding_norm: 12.96,
            sharpness: 0.776,
            brightness: 156,
            contrast: 164,
            overexposed: 0,
            roll: -2.2,
            yaw: 1.9,
            inside: 1,
          },
          findings: [],
        },
      ],
      time: 0.117,
    },
    '202': {
      job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      status: 'queued',
      status_url: '/v1/jobs/7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
    },
  },
  identify: {
    '200': {
      job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      reason: null,
      candidates: [
        {
          employee_id: '1001',
          photo: 'face_1.jpg',
          distance: 0.378,
        },
      ],
      threshold: 0.593,
      model: 'SFace',
      similarity_metric: 'cosine',
      probe: {
        x: 206,
        y: 157,
        w: 320,
        h: 429,
        left_eye: [408, 312],
        right_eye: [269, 328],
      },
      quality: {
        measures: {
          face_size: 371,
          detection_score: 0.953,
          embedding_norm: 14.67,
          sharpness: 0.776,
          brightness: 167,
          contrast: 176,
          overexposed: 0,
          roll: -6.8,
          yaw: -20.6,
          inside: 1,
        },
        findings: [],
      },
      time: 0.028,
    },
    '202': {
      job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      status: 'queued',
      status_url: '/v1/jobs/7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
    },
  },
  assess: {
    '200': {
      job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      fit: true,
      face: {
        x: 206,
        y: 157,
        w: 320,
        h: 429,
        left_eye: [408, 312],
        right_eye: [269, 328],
      },
      landmarks: {
        left_eye: [408, 312],
        right_eye: [269, 328],
        nose: [330, 407],
        mouth_left: [420, 463],
        mouth_right: [298, 475],
      },
      quality: {
        face_size: 371,
        detection_score: 0.953,
        embedding_norm: 14.67,
        sharpness: 0.776,
        brightness: 167,
        contrast: 176,
        overexposed: 0,
        roll: -6.8,
        yaw: -20.6,
        inside: 1,
      },
      refusals: [],
      warnings: [],
      time: 0.031,
    },
    '202': {
      job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      status: 'queued',
      status_url: '/v1/jobs/7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
    },
  },
  enrol: {
    '200': {
      job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      employee_id: '1001',
      photos: [
        {
          status: 'unchanged',
          face: 'face_2.jpg',
          area: {
            x: 206,
            y: 157,
            w: 320,
            h: 429,
            left_eye: [408, 312],
            right_eye: [269, 328],
          },
          landmarks: null,
          quality: null,
          refusals: [],
          warnings: [],
        },
      ],
    },
    '201': {
      job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      employee_id: '1001',
      photos: [
        {
          status: 'added',
          face: 'face_2.jpg',
          area: {
            x: 206,
            y: 157,
            w: 320,
            h: 429,
            left_eye: [408, 312],
            right_eye: [269, 328],
          },
          landmarks: {
            left_eye: [408, 312],
            right_eye: [269, 328],
            nose: [330, 407],
            mouth_left: [420, 463],
            mouth_right: [298, 475],
          },
          quality: {
            face_size: 371,
            detection_score: 0.953,
            embedding_norm: 14.67,
            sharpness: 0.776,
            brightness: 167,
            contrast: 176,
            overexposed: 0,
            roll: -6.8,
            yaw: -20.6,
            inside: 1,
          },
          refusals: [],
          warnings: [],
        },
      ],
    },
    '202': {
      job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      status: 'queued',
      status_url: '/v1/jobs/7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
    },
  },
  getJob: {
    '200': {
      job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      status: 'succeeded',
      status_url: '/v1/jobs/7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      result: {
        job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
        employee_id: '1001',
        photos: [
          {
            status: 'unchanged',
            face: 'face_2.jpg',
            area: {
              x: 206,
              y: 157,
              w: 320,
              h: 429,
              left_eye: [408, 312],
              right_eye: [269, 328],
            },
            landmarks: null,
            quality: null,
            refusals: [],
            warnings: [],
          },
        ],
      },
      response: {
        status: 200,
        body: {
          job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
          employee_id: '1001',
          photos: [
            {
              status: 'unchanged',
              face: 'face_2.jpg',
              area: {
                x: 206,
                y: 157,
                w: 320,
                h: 429,
                left_eye: [408, 312],
                right_eye: [269, 328],
              },
              landmarks: null,
              quality: null,
              refusals: [],
              warnings: [],
            },
          ],
        },
      },
    },
  },
  listEmployees: {
    '200': {
      employees: [
        {
          employee_id: '1001',
        },
      ],
      next_cursor: '1001',
    },
  },
  getEmployee: {
    '200': {
      employee_id: '1001',
      faces: [
        {
          face: 'face_1.jpg',
          bytes: 14004,
          modified_at: '2026-11-27T06:50:00.000Z',
          photo_url: '/v1/employees/1001/faces/face_1.jpg',
          embedded: true,
        },
        {
          face: 'face_2.jpg',
          bytes: 141777,
          modified_at: '2026-11-27T06:50:00.000Z',
          photo_url: '/v1/employees/1001/faces/face_2.jpg',
          embedded: true,
        },
      ],
    },
  },
  listFaces: {
    '200': {
      employee_id: '1001',
      faces: [
        {
          face: 'face_1.jpg',
          bytes: 14004,
          modified_at: '2026-11-27T06:50:00.000Z',
          photo_url: '/v1/employees/1001/faces/face_1.jpg',
          embedded: true,
        },
        {
          face: 'face_2.jpg',
          bytes: 141777,
          modified_at: '2026-11-27T06:50:00.000Z',
          photo_url: '/v1/employees/1001/faces/face_2.jpg',
          embedded: true,
        },
      ],
    },
  },
  eraseFace: {
    '200': {
      employee_id: '1001',
      erased: {
        photos: 1,
        embeddings: 1,
        other_objects: 0,
        jobs: 0,
        uploads: 0,
      },
    },
  },
  eraseEmployee: {
    '200': {
      employee_id: '1001',
      erased: {
        photos: 1,
        embeddings: 1,
        other_objects: 0,
        jobs: 13,
        uploads: 0,
      },
    },
  },
  readAudit: {
    '200': {
      entries: [
        {
          time: '2026-11-27T06:50:00.000Z',
          action: 'erase',
          outcome: 'employee_not_found',
          employee: null,
          distance: null,
          gate: null,
          token: 'yfkjb3xq7m2a',
          address: '127.0.0.1',
          request_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
          job_id: null,
          detail: null,
        },
        {
          time: '2026-11-27T06:50:00.000Z',
          action: 'erase',
          outcome: 'done',
          employee: null,
          distance: null,
          gate: null,
          token: 'yfkjb3xq7m2a',
          address: '127.0.0.1',
          request_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
          job_id: null,
          detail: null,
        },
      ],
      complete: true,
    },
  },
  cancelJob: {
    '200': {
      job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
      status: 'cancelled',
      status_url: '/v1/jobs/7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001',
    },
  },
  getStatus: {
    '200': {
      version: '0.1.0',
      uptime_seconds: 3607,
      match_distance_threshold: 0.593,
      queue: {
        waiting: 12,
        background: 3,
        active: 6,
        delayed: 0,
        oldest_waiting_seconds: 0.214,
        jobs_per_second: 61.3,
        estimated_wait_seconds: 0.2,
        max_waiting: 20000,
      },
      workers: [{ name: 'gate-server:4711', connected_seconds: 3605 }],
      redis: { ok: true, detail: 'answers PONG' },
      store: { ok: true, detail: 'filesystem' },
    },
  },
};
