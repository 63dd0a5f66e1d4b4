/** `@sluice/local-servers`: Kafka and Valkey on one machine, without containers, for development and tests. */
export { type LocalRun, type RunOptions, runWithServers } from './run-with-servers.ts'
