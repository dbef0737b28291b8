// The worker of an app whose tabs share one connection.
import '/rejoin/shared-worker.js';
