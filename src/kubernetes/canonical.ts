/** JSON with sorted keys: the order of a map's keys means nothing to the API server. */
export const canonical = (value: unknown): string => JSON.stringify(value, sortKeys)

const sortKeys = (_: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value
