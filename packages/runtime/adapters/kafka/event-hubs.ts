/** Connection strings for the Kafka endpoint of Azure Event Hubs. Pure. */
import { omitUndefined } from '../../consumer/omit-undefined.ts'

/** Default ports of the Kafka endpoints of a namespace and of the emulator. */
const PORT = 9093
const EMULATOR_PORT = 9092

/** User name whose password is the connection string. */
export const CONNECTION_STRING_USER = '$ConnectionString'

export interface EventHubs {
  readonly broker: string
  /** False for the emulator, which has no certificate. */
  readonly isEncrypted: boolean
  /** Name of the event hub, which is a topic; absent if the string is for the whole namespace. */
  readonly hub?: string
}

/**
 * Parses `Endpoint=sb://<namespace>.servicebus.windows.net/;SharedAccessKeyName=…;SharedAccessKey=…`, with or without `EntityPath`.
 *
 * @see https://learn.microsoft.com/azure/event-hubs/azure-event-hubs-apache-kafka-overview
 * @returns undefined if the text is not a connection string
 */
export function parseConnectionString(text: string): EventHubs | undefined {
  const parts = parseParts(text)
  const [, host, port] = /^sb:\/\/([\w.-]+?)(?::(\d{1,5}))?\/?$/.exec(parts.get('endpoint') ?? '') ?? []
  const isComplete = ['sharedaccesskeyname', 'sharedaccesskey'].every(name => parts.get(name))
  const isSigned = Boolean(parts.get('sharedaccesssignature'))
  if (host === undefined || !(isComplete || isSigned)) return undefined
  const isEmulator = parts.get('usedevelopmentemulator')?.toLowerCase() === 'true'
  const hub = parts.get('entitypath')
  const broker = `${host}:${port ?? (isEmulator ? EMULATOR_PORT : PORT)}`
  return omitUndefined({ broker, isEncrypted: !isEmulator, hub: hub || undefined })
}

/** Splits a connection string. A value may contain "=", so only the first "=" of each part is a separator. */
function parseParts(text: string): Map<string, string> {
  const pairs = text.split(';').map(part => /^\s*([^=]+?)\s*=(.*)$/s.exec(part))
  return new Map(
    pairs.flatMap(pair => (pair ? [[String(pair[1]).toLowerCase(), String(pair[2]).trim()]] : [])),
  )
}
