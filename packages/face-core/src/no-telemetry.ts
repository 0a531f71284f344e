// onnxruntime collects usage data by default: it writes files to the home and temporary folders and knows an address to
// send them to. A service that handles biometric data has no use for that. It reads this variable when it is loaded, so
// this module must be imported before it.
// biome-ignore lint/style/noProcessEnv: the variable is set, not read; there is no other way to tell onnxruntime
process.env.ORT_DISABLE_TELEMETRY = '1';
