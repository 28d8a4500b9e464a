"""What is asked of PostgreSQL's system catalogues.

Each row begins with the catalogue and the number of an object, by which those of extensions are
told, and with the name of its schema.
"""

from __future__ import annotations

OF_EXTENSIONS = "SELECT classid::regclass::text, objid FROM pg_depend WHERE deptype = 'e'"

TABLES = """
    SELECT 'pg_class', c.oid, n.nspname, c.relname, c.relkind::text, c.relpersistence::text,
           obj_description(c.oid, 'pg_class'), pg_get_partkeydef(c.oid),
           pg_get_expr(c.relpartbound, c.oid), c.relrowsecurity
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
    AND n.nspname !~ '^(pg_|information_schema$)'
"""

COLUMNS = """
    SELECT 'pg_class', c.oid, n.nspname, c.relname, a.attname,
           format_type(a.atttypid, a.atttypmod), a.attnotnull,
           pg_get_expr(d.adbin, d.adrelid), a.attidentity::text, a.attgenerated::text,
           CASE WHEN a.attcollation <> t.typcollation THEN l.collname END,
           col_description(c.oid, a.attnum),
           EXISTS (SELECT 1 FROM pg_depend s JOIN pg_class q ON q.oid = s.objid
                   WHERE s.classid = 'pg_class'::regclass AND s.refclassid = 'pg_class'::regclass
                   AND s.refobjid = c.oid AND s.refobjsubid = a.attnum AND s.deptype = 'a'
                   AND q.relkind = 'S')
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f')
    AND c.relpersistence <> 't' AND n.nspname !~ '^(pg_|information_schema$)'
"""

CONSTRAINTS = """
    SELECT 'pg_class', c.oid, n.nspname, c.relname, k.conname, k.contype::text,
           pg_get_constraintdef(k.oid)
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND k.conparentid = 0
    AND c.relpersistence <> 't' AND n.nspname !~ '^(pg_|information_schema$)'
"""

INDEXES = """
    SELECT 'pg_class', c.oid, n.nspname, c.relname, i.relname, pg_get_indexdef(x.indexrelid),
           x.indisunique, x.indisvalid
    FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = x.indexrelid
                      AND k.contype IN ('p', 'u', 'x'))
    AND NOT EXISTS (SELECT 1 FROM pg_inherits h WHERE h.inhrelid = x.indexrelid)
    AND c.relpersistence <> 't' AND n.nspname !~ '^(pg_|information_schema$)'
"""

TRIGGERS = """
    SELECT 'pg_class', c.oid, n.nspname, c.relname, g.tgname, pg_get_triggerdef(g.oid),
           g.tgenabled::text
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT g.tgisinternal AND n.nspname !~ '^(pg_|information_schema$)'
"""

VIEWS = """
    SELECT 'pg_class', c.oid, n.nspname, c.relname, c.relkind::text, pg_get_viewdef(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('v', 'm') AND n.nspname !~ '^(pg_|information_schema$)'
"""

# Those that belong to a column are told as its default.
SEQUENCES = """
    SELECT 'pg_class', c.oid, n.nspname, c.relname, format_type(s.seqtypid, NULL),
           s.seqincrement, s.seqcycle
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                      AND d.objid = c.oid AND d.deptype IN ('a', 'i'))
    AND c.relpersistence <> 't' AND n.nspname !~ '^(pg_|information_schema$)'
"""

ENUMS = """
    SELECT 'pg_type', t.oid, n.nspname, t.typname,
           array_agg(e.enumlabel::text ORDER BY e.enumsortorder)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    JOIN pg_enum e ON e.enumtypid = t.oid
    WHERE n.nspname !~ '^(pg_|information_schema$)'
    GROUP BY t.oid, n.nspname, t.typname
"""

DOMAINS = """
    SELECT 'pg_type', t.oid, n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod),
           t.typnotnull, t.typdefault,
           (SELECT array_agg(pg_get_constraintdef(k.oid) ORDER BY k.conname) FROM pg_constraint k
            WHERE k.contypid = t.oid AND k.contype = 'c')
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype = 'd' AND n.nspname !~ '^(pg_|information_schema$)'
"""

FUNCTIONS = """
    SELECT 'pg_proc', p.oid, n.nspname, p.proname, pg_get_function_identity_arguments(p.oid),
           pg_get_functiondef(p.oid)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prokind IN ('f', 'p')
    -- A range type's own come and go with it.
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                    AND d.objid = p.oid AND d.deptype = 'i')
    AND n.nspname !~ '^(pg_|information_schema$)'
"""

COMPOSITES = """
    SELECT 'pg_type', t.oid, n.nspname, t.typname,
           (SELECT array_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
            ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
    WHERE n.nspname !~ '^(pg_|information_schema$)'
"""

RANGES = """
    SELECT 'pg_type', t.oid, n.nspname, t.typname, format_type(r.rngsubtype, NULL)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    JOIN pg_range r ON r.rngtypid = t.oid
    WHERE n.nspname !~ '^(pg_|information_schema$)'
"""

POLICIES = """
    SELECT 'pg_class', c.oid, n.nspname, c.relname, p.polname, p.polcmd::text, p.polpermissive,
           (SELECT array_agg(r.rolname::text ORDER BY r.rolname) FROM pg_roles r
            WHERE r.oid = ANY (p.polroles)),
           pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^(pg_|information_schema$)'
"""

RULES = """
    SELECT 'pg_class', c.oid, n.nspname, c.relname, w.rulename, pg_get_ruledef(w.oid)
    FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE w.rulename <> '_RETURN' AND n.nspname !~ '^(pg_|information_schema$)'
"""

SCHEMAS = """
    SELECT 'pg_namespace', n.oid, NULL, n.nspname FROM pg_namespace n
    WHERE n.nspname !~ '^(pg_|information_schema$)'
"""

EXTENSIONS = """
    SELECT 'pg_extension', e.oid, NULL, e.extname, n.nspname
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
"""

# What a row of a catalogue's is known by: another version of it has another place or transaction.
_MARK = "hashtextextended(concat(r.tableoid, ' ', r.ctid, ' ', r.xmin), 0)"


def _rows(catalog: str, table: str, condition: str = "true", *, rare: bool = False) -> str:
    """Return the query for the marks of a catalogue's rows, each with what it is about."""
    marked = f"{table} AS id, {_MARK} AS mark, {rare} AS rare"
    return f"SELECT {marked} FROM {catalog} WHERE {condition}"  # noqa: S608 - ours


_OF_RELATIONS = " UNION ALL ".join(
    [
        _rows("pg_class r", "r.oid"),
        _rows("pg_attribute r", "r.attrelid", "r.attnum > 0"),
        _rows("pg_attrdef r", "r.adrelid"),
        _rows("pg_constraint r", "r.conrelid"),
        _rows("pg_index r", "r.indrelid"),
        # The name of an index is another row's.
        _rows("pg_index x JOIN pg_class r ON r.oid = x.indexrelid", "x.indrelid"),
        _rows("pg_trigger r", "r.tgrelid", "NOT r.tgisinternal", rare=True),
        _rows("pg_policy r", "r.polrelid", rare=True),
        _rows("pg_rewrite r", "r.ev_class", rare=True),
        _rows("pg_inherits r", "r.inhrelid"),
        _rows("pg_partitioned_table r", "r.partrelid"),
        _rows("pg_sequence r", "r.seqrelid"),
        _rows("pg_description r", "r.objoid", "r.classoid = 'pg_class'::regclass"),
        # Which sequence is whose.
        _rows(
            "pg_depend r",
            "r.objid",
            "r.classid = 'pg_class'::regclass AND r.refclassid = 'pg_class'::regclass "
            "AND r.deptype IN ('a', 'i')",
        ),
    ]
)
_OF_THE_REST = " UNION ALL ".join(
    [
        # A table has a type, and every type an array of it.
        _rows(
            "pg_type r",
            "r.oid",
            "r.typcategory <> 'A' AND NOT EXISTS (SELECT 1 FROM pg_class c "
            "WHERE c.oid = r.typrelid AND c.relkind <> 'c')",
        ),
        _rows("pg_constraint r", "r.oid", "r.contypid <> 0"),
        _rows("pg_enum r", "r.oid"),
        _rows("pg_range r", "r.rngtypid"),
        _rows("pg_proc r", "r.oid"),
        _rows("pg_collation r", "r.oid"),
        _rows("pg_opclass r", "r.oid"),
        _rows("pg_operator r", "r.oid"),
        _rows("pg_namespace r", "r.oid"),
        _rows("pg_extension r", "r.oid"),
        _rows("pg_depend r", "r.objid", "r.deptype = 'e'"),
    ]
)

# For each table and each sequence its number, whether it has triggers, policies or rules, and a
# mark that differs where anything of it does; a mark, without a number, for all other objects and
# for the names that need no schema, and one for views.
MARKS = f"""
    SELECT CASE WHEN c.relkind IN ('r', 'p', 'f', 'S') THEN c.oid END,
           c.relkind = 'S', bool_or(m.rare), sum(m.mark)::text
    FROM ({_OF_RELATIONS}) m JOIN pg_class c ON c.oid = m.id
    WHERE m.id >= 16384 AND c.relkind IN ('r', 'p', 'f', 'S', 'v', 'm', 'c')
    AND c.relpersistence <> 't'
    GROUP BY 1, 2
    UNION ALL
    SELECT NULL, NULL, NULL, concat(current_schemas(false), sum(m.mark))
    FROM ({_OF_THE_REST}) m WHERE m.id >= 16384
"""  # noqa: S608 - ours

# Whose definitions name tables of these.
RELATED = """
    SELECT conrelid FROM pg_constraint WHERE contype = 'f' AND confrelid = ANY (:tables)
    UNION SELECT inhrelid FROM pg_inherits WHERE inhparent = ANY (:tables)
"""
