import { port, setting, slice } from '#runtime/settings'

/** Ports of the servers of `npm start`, which listen on 127.0.0.1. */
export const LOCAL_PORTS = slice('Ports of the local cloud', {
  KAFKA_PORT: setting('ports.kafka', port(), {
    description: 'Port of Kafka.',
    default: '9092',
  }),
  REDIS_PORT: setting('ports.redis', port(), { description: 'Port of Valkey.', default: '6379' }),
  AWS_PORT: setting('ports.aws', port(), { description: 'Port of LocalStack.', default: '4566' }),
  REGISTRY_PORT: setting('ports.registry', port(), {
    description: 'Port of the schema registry of `npm start -- --registry`.',
    default: '8081',
  }),
  LAMBDA_PORT: setting('ports.lambda', port(), {
    description: "Port of Lambda's endpoint.",
    default: '3002',
  }),
  CONSOLE_PORT: setting('ports.console', port(), {
    option: '--port <number>',
    description: 'Port of the [console](console.md), for `npm start` and `sluice console`.',
    default: '8050',
  }),
  KAFKA_UI_PORT: setting('ports.kafka_ui', port(), {
    description: 'A second port of the console, with the pages about Kafka first.',
    default: '8080',
  }),
  KSQL_PORT: setting('ports.ksql', port(), {
    description: "Port of [ksqlDB's interface](../config/views/README.md#asking-over-http) of `npm start`.",
    default: '8088',
  }),
})

/** Returns the URL of the Confluent-compatible API of the local schema registry. */
export function localRegistryUrl(port: number): string {
  return `http://127.0.0.1:${port}/apis/ccompat/v7`
}
