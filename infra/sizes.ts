/** The memory and the time of each function, as serverless.yml gives them, and what follows from them. */
import { readFileSync } from 'node:fs'
import { yamlContent } from '../lib/yaml-document.ts'

/** Lambda gives a function of this memory one processor, and others their share of one, or more. */
const ONE_PROCESSOR_MB = 1_769

export interface Size {
  readonly memoryMb: number
  readonly timeoutSeconds: number
}

interface Sized {
  readonly memorySize?: number
  readonly timeout?: number
}

/** By the names of the functions. @throws Error where serverless.yml has no default for a function */
export function functionSizes(file: URL = new URL('../serverless.yml', import.meta.url)): Map<string, Size> {
  const { provider, functions } = yamlContent(readFileSync(file, 'utf8'), file.pathname) as {
    readonly provider: Sized
    readonly functions: Readonly<Record<string, Sized>>
  }
  return new Map(
    Object.entries(functions).map(([name, own]) => {
      const [memoryMb, timeoutSeconds] = [
        own.memorySize ?? provider.memorySize,
        own.timeout ?? provider.timeout,
      ]
      if (memoryMb === undefined || timeoutSeconds === undefined)
        throw new Error(`serverless.yml says neither for ${name} nor for all how much memory or time it has`)
      return [name, { memoryMb, timeoutSeconds }]
    }),
  )
}

/** How long processor time takes on the share of a processor that comes with this memory. */
export function tookAt(memoryMb: number, processorMs: number): number {
  return processorMs / Math.min(1, memoryMb / ONE_PROCESSOR_MB)
}
