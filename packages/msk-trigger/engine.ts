/**
 * Entry point of the trigger without the Serverless Framework, for programs that run functions themselves and provide the mappings.
 */
import './support/supported-node.ts'

export type { TriggerParts } from './cluster-sources.ts'
export { type Mapping, readMappings, type ServiceFacts } from './config/mappings.ts'
export { readSettings, type Settings } from './config/settings.ts'
export type { EventContent } from './invoke/event-content.ts'
export type { FunctionFacts } from './invoke/function-facts.ts'
export type { FunctionInvoker, Invoked } from './invoke/invoker.ts'
export { Invoker, type Runtimes } from './invoke/invoker.ts'
export { NodeRuntime } from './invoke/runtimes/node/node-runtime.ts'
export { announceResponseType } from './package/response-type.ts'
export type { Report, WriteReport } from './report/reports.ts'
export { ConfigurationError, type FunctionDefinition, type Log } from './support/framework.ts'
export { Trigger } from './trigger.ts'
