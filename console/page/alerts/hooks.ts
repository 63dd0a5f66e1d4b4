/** What pages about alerts need of time and of answers. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Answer } from '../data/answers.ts'

/** A value that a person is typing, once it has been as it is for a moment. */
export function useSettled(value: string, afterMs = 300): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), afterMs)
    return () => clearTimeout(timer)
  }, [value, afterMs])
  return settled
}

/** While another question is asked, the answer to the one before stays, so that nothing flickers. */
export function useKept<T>(answer: Answer<T>): Answer<T> {
  const last = useRef<T>(undefined)
  if (answer.answer !== undefined) last.current = answer.answer
  return answer.problem ? answer : { ...answer, answer: answer.answer ?? last.current }
}

/** Milliseconds since the epoch, for durations that grow while one looks at them. */
export function useNow(everyMs = 5_000): number {
  const [nowMs, setNowMs] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return nowMs
}
