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
