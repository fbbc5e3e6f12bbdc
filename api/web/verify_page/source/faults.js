// What does not hold. Its code names a text (texts_*.js); its arguments stand in that text.

export class Fault extends Error {
  constructor(code, args = {}) {
    super(code);
    this.code = code;
    this.args = args;
  }
}

export function demand(holds, code, args) {
  if (!holds) throw new Fault(code, args);
}
