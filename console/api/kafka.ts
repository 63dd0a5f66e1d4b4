/** The cluster: brokers, topics, messages, groups, schemas. */
import { Hono } from 'hono'
import type { ConsoleHono } from '../access/person.ts'
import type { ConsoleEnvironment } from '../environment.ts'

export function kafkaRoutes(_environment: ConsoleEnvironment): Hono<ConsoleHono> {
  return new Hono<ConsoleHono>()
}
