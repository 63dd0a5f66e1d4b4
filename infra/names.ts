/** Checks names before a deployment, so that AWS or Kafka does not reject them in the middle of it. Pure. */

interface NamedFunction {
  /** Name of the Lambda function. */
  readonly name?: string
  readonly foreignTopics?: string | readonly string[]
}

/** Maximum length of a function name: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
const MAX_FUNCTION_LENGTH = 64
/** Maximum length of a topic name, as in Kafka's `Topic.validate`. Brokers use the name in folder names. */
const MAX_TOPIC_LENGTH = 249

/** Returns one sentence for each name that is too long or contains invalid characters. */
export function nameProblems(functions: Readonly<Record<string, NamedFunction>>): string[] {
  return Object.entries(functions).flatMap(([key, { name = '', foreignTopics = [] }]) => [
    ...(name.length > MAX_FUNCTION_LENGTH
      ? [
          `functions.${key} of serverless.yml: its Lambda name ${name} has ${name.length} characters, but at most ${MAX_FUNCTION_LENGTH} are allowed.`,
        ]
      : []),
    ...[foreignTopics].flat().flatMap(topic => topicProblem(`functions.${key}.foreignTopics`, topic)),
  ])
}

function topicProblem(where: string, topic: string): string[] {
  const said = `${where} of serverless.yml: "${shortened(topic)}"`
  if (topic.length > MAX_TOPIC_LENGTH)
    return [
      `${said} has ${topic.length} characters, but Kafka allows at most ${MAX_TOPIC_LENGTH} in topic names.`,
    ]
  if (!/^[\w.-]+$/.test(topic) || topic === '.' || topic === '..')
    return [
      `${said} is not a valid topic name. It may contain letters, digits, ".", "_" and "-", and must not be "." or "..".`,
    ]
  return []
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
