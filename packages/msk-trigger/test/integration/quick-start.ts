import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The steps of the README's *Five minutes*, in its order. */
export type Step =
  | { readonly do: 'write'; readonly file: string; readonly text: string }
  | { readonly do: 'run'; readonly command: string }
  /** Lines that the last command prints, among others. */
  | { readonly do: 'see'; readonly lines: readonly string[] }
  /** Settings for the event, which is the end of serverless.yml. */
  | { readonly do: 'append'; readonly text: string }

const README = new URL('../../README.md', import.meta.url)

/** The broker and the topic that the README names. They occur nowhere in another meaning. */
const NAMED = { broker: '127.0.0.1:9092', topic: 'new-orders' } as const

/** Reads the steps. @throws Error for a block of code that is not a step */
export async function readSteps(): Promise<Step[]> {
  const [, section = ''] = /^## Five minutes$(.*?)^## /ms.exec(await readFile(README, 'utf8')) ?? []
  const blocks = [...section.matchAll(/^```(\w*)(?: (\S+))?\n(.*?)^```$/gms)]
  return blocks.flatMap(([block, language = '', file, text = '']): Step[] => {
    if (file !== undefined) return [{ do: 'write', file, text }]
    const lines = text.trimEnd().split('\n')
    if (language === 'sh') return lines.map(command => ({ do: 'run', command }))
    if (language === 'text') return [{ do: 'see', lines }]
    if (language === 'yaml') return [{ do: 'append', text }]
    throw new Error(`the README has a block that its test does not know:\n${block}`)
  })
}

/** A reader's folder, with a broker and a topic of its own in place of those that the README names. */
export class Reader {
  readonly folder: string
  readonly #broker: string
  readonly #topic: string

  private constructor(folder: string, broker: string, topic: string) {
    this.folder = folder
    this.#broker = broker
    this.#topic = topic
  }

  static async create(broker: string, topic: string = NAMED.topic): Promise<Reader> {
    return new Reader(await mkdtemp(join(tmpdir(), 'msk-readme-')), broker, topic)
  }

  /** Writes or appends what these steps say. */
  async write(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step.do === 'write') await writeFile(this.file(step.file), this.own(step.text))
      if (step.do === 'append') await appendFile(this.file('serverless.yml'), this.own(step.text))
    }
  }

  /** A text of the README with this reader's broker and topic. */
  own(text: string): string {
    return text.replaceAll(NAMED.broker, this.#broker).replaceAll(NAMED.topic, this.#topic)
  }

  /** A line of the README, alone on a line of an output. */
  line(text: string): RegExp {
    const own = this.own(text).replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    return new RegExp(`^${own}$`, 'm')
  }

  file(name: string): string {
    return join(this.folder, name)
  }

  /** The folder of an installed package, whose parent exists. */
  async module(name: string): Promise<string> {
    await mkdir(this.file('node_modules'), { recursive: true })
    return this.file(join('node_modules', name))
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}
