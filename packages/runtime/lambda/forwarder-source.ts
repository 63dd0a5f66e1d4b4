/** Settings and types of a forwarder. They stand apart from what runs it, whose types are not those of this package alone. */
import type { Forwarder } from '../consumer/forwarder.ts'
import { generalSettings } from '../settings/general.ts'
import { KAFKA } from '../settings/kafka.ts'
import type { CombinedParts } from '../settings/read-settings.ts'
import { REDIS } from '../settings/redis.ts'
import type { Connections } from './connections.ts'
import type { Choices } from './handler-types.ts'

/** Settings that every forwarder reads. */
export const forwarderSlices = (application: string) => [generalSettings(application), KAFKA, REDIS] as const

/** Settings of a forwarder. */
export type ForwarderConfig = CombinedParts<ReturnType<typeof forwarderSlices>>

/** A forwarder, or a function that creates it from its settings and from values in Redis for each run. */
export type ForwarderSource<Config extends ForwarderConfig = ForwarderConfig> =
  | Forwarder
  | ((config: Config, connections: Pick<Connections, 'value'>) => Forwarder | Promise<Forwarder>)

/** Options of a forwarder handler. `failuresTo` must not be a topic whose records can return to the forwarder. */
export type ForwarderChoices = Pick<Choices<[]>, 'codeVersion' | 'failuresTo'>
