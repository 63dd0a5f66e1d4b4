import { createKind, list, setting, slice, text } from '#runtime/settings/index.ts'

/** Mappings that apply to all records of a topic. */
export interface TopicMappings {
  /** Signal, or the full name of a topic of another system. */
  readonly topic: string
  /** Names of mappings, in the order in which they are tried. */
  readonly mappings: readonly string[]
}

export interface MappingSettings {
  readonly mappingsDir: string
  /** Names of the mappings, in the order in which they are tried. */
  readonly mappings: readonly string[]
  readonly topicMappings: readonly TopicMappings[]
}

const NAME = /^[\w-]+$/

const TOPIC_MAPPINGS = createKind(value => {
  const found: { topic: string; mappings: string[] }[] = []
  for (const part of value.split(',')) {
    const [, topic, name = ''] = /^(?:([\w.-]+)=)?(.*)$/.exec(part.trim()) ?? []
    if (topic !== undefined) found.push({ topic, mappings: [] })
    const own = found.at(-1)
    if (own === undefined || !NAME.test(name)) return undefined
    own.mappings.push(name)
  }
  return new Set(found.map(({ topic }) => topic)).size === found.length ? found : undefined
}, 'topic=mapping, separated by commas, each topic once; further mappings of a topic follow it after commas')

/** Returns these settings as the variable TOPIC_MAPPINGS; an empty object if there are no mappings. */
export function topicMappingsVariable(all: readonly TopicMappings[]): { readonly TOPIC_MAPPINGS?: string } {
  const texts = all.map(({ topic, mappings }) => `${topic}=${mappings.join(',')}`)
  return texts.length === 0 ? {} : { TOPIC_MAPPINGS: texts.join(',') }
}

/** Settings of the mappings for foreign records. */
export const MAPPINGS = slice(
  'Mappings',
  {
    MAPPINGS: setting(
      list(name => NAME.test(name), 'names of mappings'),
      {
        description:
          'The [mappings](../config/mappings/README.md) with which the function reads foreign records, from its entry in serverless.yml or from `TOPIC_MAPPINGS`.',
        otherwise: 'none',
        setBy: 'deployment',
      },
    ),
    TOPIC_MAPPINGS: setting(TOPIC_MAPPINGS, {
      description:
        'Mappings of all consumers of a topic, as in `readings=plain-sensor,device`. The entry of a function can specify other mappings.',
      otherwise: 'none',
      setBy: 'deployment',
    }),
    MAPPINGS_DIR: setting(text(/\S/, 'a folder'), {
      description:
        'The folder with the [mappings](../config/mappings/README.md). For a deployment, it must be inside the project.',
      default: 'config/mappings',
      setBy: 'deployment',
    }),
  },
  ({ MAPPINGS: mappings = [], TOPIC_MAPPINGS: topicMappings = [], MAPPINGS_DIR }): MappingSettings => ({
    mappings,
    topicMappings,
    mappingsDir: MAPPINGS_DIR,
  }),
)
