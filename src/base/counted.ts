/** `1 pod`, `3 pods`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** `10%`, or `9.1%` where it is not a whole number. */
export const percent = (share: number): string => `${Number(share.toFixed(1))}%`

/** `2 of 3 pods ready`; with more than are wanted, `4 pods ready, 3 wanted`. */
export const readyOf = (ready: number, wanted: number): string =>
  ready > wanted
    ? `${counted(ready, 'pod')} ready, ${wanted} wanted`
    : `${ready} of ${counted(wanted, 'pod')} ready`
