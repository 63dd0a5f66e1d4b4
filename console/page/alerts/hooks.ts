/** What pages about alerts need of time. */
import { useEffect, useState } from 'preact/hooks'

/** A value that a person is typing, once it has been as it is for a moment. */
export function useSettled(value: string, afterMs = 300): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), afterMs)
    return () => clearTimeout(timer)
  }, [value, afterMs])
  return settled
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
