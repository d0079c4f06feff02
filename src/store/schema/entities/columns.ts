import type { EntitySchemaColumnOptions } from "typeorm";

type Column = EntitySchemaColumnOptions;

/** The column types the schema uses; `nullable()` and `key()` vary them. */
export const bigint: Column = { type: "bigint" };
export const integer: Column = { type: "integer" };
export const text: Column = { type: "text" };
export const double: Column = { type: "double precision" };
export const uuid: Column = { type: "uuid" };
/** Sealed bytes or a keyed hash. */
export const bytes: Column = { type: "bytea" };
export const json: Column = { type: "jsonb" };
export const date: Column = { type: "date" };
export const bool: Column = { type: "boolean" };
export const time: Column = { type: "timestamp with time zone" };

export function nullable(column: Column): Column {
  return { ...column, nullable: true };
}

/** A column of the primary key, whose constraint the migration names `<table>_pk`. */
export function key(column: Column, table: string): Column {
  return { ...column, primary: true, primaryKeyConstraintName: `${table}_pk` };
}
