/** Fields of event data that the columns of a stream name, from the JSON Schemas of the event types. Pure. */
import texts from '../../../schemas/compiled-texts-json.js'
import { EVENT_TYPE_NAMES, eventTypeRow } from '../../event-types.ts'
import type { Name } from './syntax.ts'

/** Object in the data of events, as its schema describes it. */
export interface DataObject {
  readonly properties?: Readonly<Record<string, DataObject>>
}

/** Returns the data of the events of a stream, for each of their types. */
export function dataObjects(signal: string, types: readonly string[] | undefined): readonly DataObject[] {
  return EVENT_TYPE_NAMES.filter(type => eventTypeRow(type)?.topic === signal)
    .filter(type => types?.includes(type) ?? true)
    .map(type => JSON.parse(texts[type] as string))
}

/**
 * Returns the field that a name means in some objects: `deviceId` for `device_id` and `DEVICE_ID`. A name that no schema has is a key
 * of users, such as those of `tags`, and stays as it is. So does a name in backquotes.
 */
export function fieldNamed({ text, isQuoted }: Name, objects: readonly DataObject[]): string {
  const known = objects.flatMap(({ properties = {} }) => Object.keys(properties))
  if (isQuoted || known.includes(text)) return text
  return known.find(field => plain(field) === plain(text)) ?? text
}

function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase()
}
