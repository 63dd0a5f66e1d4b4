/** Adds option names to messages about settings, which contain only the names of variables. Pure. */
import type { Command } from 'commander'

const OPTIONS: Readonly<Record<string, string>> = {
  KAFKA_BROKERS: '--brokers',
  MSK_CLUSTER_ARN: '--cluster-arn',
  MSK_CONNECTIVITY: '--msk-connectivity',
  KAFKA_AUTH: '--auth',
  KAFKA_USERNAME: '--username',
  KAFKA_SECRET: '--secret',
  KAFKA_CA_FILE: '--ca-file',
  EVENT_HUBS_CONN_STR: '--event-hubs-conn-str',
  SCHEMA_REGISTRY_URL: '--registry',
  SERIALIZATION: '--serialization',
}

/** Matches the name of a variable, with its value if it has one. A name that is already followed by an option is not matched. */
const VARIABLE = /\b([A-Z][A-Z_]*[A-Z])(=[\w-]+)?(?![\w-]| \(--)/g

/** Returns the message with `KAFKA_AUTH (--auth)` instead of `KAFKA_AUTH`, if the command has that option. */
export function addOptionNames(message: string, command: Command | undefined): string {
  const has = new Set(command?.options.map(({ long }) => long))
  return message.replace(VARIABLE, (named, variable: string) => {
    const option = OPTIONS[variable]
    return option !== undefined && has.has(option) ? `${named} (${option})` : named
  })
}
