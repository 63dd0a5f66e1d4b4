/** Checks function entries of serverless.yml. Pure. */
import { type FunctionKeys, isConsumer, parseFunctions, READING_DEFAULTS } from '../../lib/app/functions.ts'
import { topicNamed } from '../../lib/app/topics.ts'

const READING_KEYS = Object.keys(READING_DEFAULTS) as (keyof typeof READING_DEFAULTS)[]

/** Returns errors that the schema cannot detect because they concern several keys, one sentence each. */
export function findEntryProblems(entries: Readonly<Record<string, FunctionKeys>>): string[] {
  return parseFunctions(entries).flatMap(declared => {
    const { name, foreignTopics, forwards, schedule, uses, mappings = [] } = declared
    const where = `functions.${name} of serverless.yml`
    const isForwarder = forwards.length > 0
    const problems: string[] = []
    if (!isConsumer(declared))
      for (const key of READING_KEYS.filter(key => entries[name]?.[key] !== undefined))
        problems.push(`${where}: ${key} configures the reading of topics, but consumes is missing.`)
    for (const topic of foreignTopics.filter(one => topicNamed(one) !== undefined))
      problems.push(
        `${where}: ${topic} is a topic of Sluice. Use its name without the environment in consumes.`,
      )
    if (!isConsumer(declared) && mappings.length > 0)
      problems.push(`${where}: mappings configure the reading of topics, but consumes is missing.`)
    if (foreignTopics.length > 0 && foreignTopics.length + declared.consumes.length > 1)
      problems.push(
        `${where}: it reads ${[...declared.consumes, ...foreignTopics].join(', ')}, but the topics of other systems have one group, and AWS requires a group for each event source. ` +
          'Declare one function per topic. They can share a handler.',
      )
    if (isConsumer(declared) && !uses.includes('redis'))
      problems.push(`${where}: a consumer keeps its state in Redis, so it must have uses: [redis].`)
    if (isForwarder && !uses.includes('redis'))
      problems.push(`${where}: a forwarder keeps its cursors in Redis, so it must have uses: [redis].`)
    if (isForwarder && !schedule)
      problems.push(`${where}: a forwarder is invoked by a schedule, so it must have one.`)
    if (isForwarder && isConsumer(declared))
      problems.push(`${where}: a function either consumes or forwards, not both.`)
    return problems
  })
}
