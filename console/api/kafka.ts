/** The cluster: brokers, topics, messages, groups, schemas. */
import { Hono } from 'hono'
import type { ConsoleHono } from '../access/person.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { clusterRoutes } from './kafka/cluster.ts'
import { groupRoutes } from './kafka/groups.ts'
import { keyRoutes } from './kafka/keys.ts'
import { messageRoutes } from './kafka/messages.ts'
import { schemaRoutes } from './kafka/schemas.ts'
import { topicRoutes } from './kafka/topics.ts'

export function kafkaRoutes(environment: ConsoleEnvironment): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  routes.route('/cluster', clusterRoutes(environment))
  routes.route('/topics', topicRoutes(environment))
  routes.route('/keys', keyRoutes(environment))
  routes.route('/groups', groupRoutes(environment))
  routes.route('/schemas', schemaRoutes(environment))
  routes.route('/messages', messageRoutes(environment))
  return routes
}
