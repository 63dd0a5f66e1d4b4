/** Ports and starts of servers, for tests of several packages. This file alone reaches into the package of the local servers, which does not publish them. */

export { ensureInstalled } from '../local-servers/install.ts'
export { KAFKA_VERSION, type KafkaVariant, kafkaPackage, kafkaServers } from '../local-servers/kafka.ts'
export { runTool } from '../local-servers/managed-process.ts'
export { freePort, freePorts, LOOPBACK } from '../local-servers/ports.ts'
export { guardGroup, signalGroup } from '../local-servers/process-groups.ts'
export { groupProcessorMs, untilStandstill, type Work } from '../local-servers/progress.ts'
export { requireJava } from '../local-servers/requirements.ts'
export type { Server } from '../local-servers/server-definition.ts'
export { type RunningServers, type StartContext, startTogether } from '../local-servers/start-server.ts'
export type { Supervisor } from '../local-servers/supervisor.ts'
export { valkeyServer } from '../local-servers/valkey.ts'
